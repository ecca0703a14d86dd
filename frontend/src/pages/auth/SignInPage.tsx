import { useNavigate, useSearch } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useSignIn } from "@/api/auth";
import { AuthFrame } from "./AuthFrame";
import { CredentialsForm } from "./CredentialsForm";

export function SignInPage() {
  const { t } = useTranslation();
  const signIn = useSignIn();
  const navigate = useNavigate();
  const { from } = useSearch({ from: "/sign-in" });
  return (
    <AuthFrame title={t("auth.signInTitle")} lead={t("auth.signInLead")}>
      <CredentialsForm
        prefix="sign-in"
        newPassword={false}
        submitLabel={t("auth.signInSubmit")}
        busy={signIn.isPending}
        error={signIn.error}
        onSubmit={(credentials) => signIn.mutate(credentials, { onSuccess: () => void navigate({ href: from ?? "/campaigns" }) })}
      />
    </AuthFrame>
  );
}
