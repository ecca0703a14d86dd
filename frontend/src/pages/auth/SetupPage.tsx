import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useSetup } from "@/api/auth";
import { AuthFrame } from "./AuthFrame";
import { CredentialsForm } from "./CredentialsForm";

/** First start: whoever opens the deployment first makes its owner. */
export function SetupPage() {
  const { t } = useTranslation();
  const setup = useSetup();
  const navigate = useNavigate();
  return (
    <AuthFrame title={t("auth.setupTitle")} lead={t("auth.setupLead")}>
      <CredentialsForm
        prefix="setup"
        newPassword
        submitLabel={t("auth.setupSubmit")}
        busy={setup.isPending}
        error={setup.error}
        onSubmit={(credentials) => setup.mutate(credentials, { onSuccess: () => void navigate({ to: "/campaigns" }) })}
      />
    </AuthFrame>
  );
}
