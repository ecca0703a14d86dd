import { Alert, Button, PasswordInput, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Credentials } from "@/api/auth";
import { messageOf } from "@/api/problems";

interface Props {
  prefix: "setup" | "sign-in";
  submitLabel: string;
  newPassword: boolean;
  busy: boolean;
  error: unknown;
  onSubmit: (credentials: Credentials) => void;
}

export function CredentialsForm({ prefix, submitLabel, newPassword, busy, error, onSubmit }: Props) {
  const { t } = useTranslation();
  const form = useForm({
    initialValues: { username: "", password: "" },
    validate: {
      username: (value) => (value.trim() === "" ? t("auth.needUsername") : null),
      password: (value) => (value === "" ? t("auth.needPassword") : newPassword && value.length < 8 ? t("auth.shortPassword") : null),
    },
  });
  return (
    <form onSubmit={form.onSubmit((values) => onSubmit({ username: values.username.trim(), password: values.password }))} noValidate>
      <Stack>
        {error !== null && error !== undefined && (
          <Alert color="red" icon={<IconAlertTriangle size={18} />} role="alert" styles={{ message: { color: "var(--winnow-red-text)" } }}>
            {messageOf(error)}
          </Alert>
        )}
        <TextInput label={t("auth.username")} autoComplete="username" autoFocus required size="md" data-testid={`${prefix}-username`} {...form.getInputProps("username")} />
        <PasswordInput
          label={t("auth.password")}
          description={newPassword ? t("auth.passwordHint") : undefined}
          autoComplete={newPassword ? "new-password" : "current-password"}
          required
          size="md"
          data-testid={`${prefix}-password`}
          {...form.getInputProps("password")}
        />
        <Button type="submit" size="md" loading={busy} data-testid={`${prefix}-submit`}>
          {submitLabel}
        </Button>
      </Stack>
    </form>
  );
}
