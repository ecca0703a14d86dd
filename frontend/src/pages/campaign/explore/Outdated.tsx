import { Alert } from "@mantine/core";
import { IconEye } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

/** Says of what was found earlier that another backbone looks at the images by now. */
export function Outdated({ outdated }: { outdated: boolean }) {
  const { t } = useTranslation();
  if (!outdated) return null;
  return (
    <Alert color="wheat" icon={<IconEye size={20} />} data-testid="outdated">
      {t("explore.outdated")}
    </Alert>
  );
}
