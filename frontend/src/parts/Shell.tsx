import { ActionIcon, AppShell, Burger, Group, Menu, Stack, Text, Tooltip, UnstyledButton, useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconActivity, IconBox, IconLayoutGrid, IconLogout, IconMoon, IconSettings, IconSun, IconUserCircle } from "@tabler/icons-react";
import { Link, Outlet, useNavigate, useRouterState } from "@tanstack/react-router";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { useSignOut, useUser } from "@/api/auth";
import { Mark } from "./Brand";
import classes from "./Shell.module.css";

const PLACES = [
  { to: "/campaigns", key: "campaigns", icon: IconLayoutGrid },
  { to: "/models", key: "models", icon: IconBox },
  { to: "/runs", key: "runs", icon: IconActivity },
  { to: "/settings", key: "settings", icon: IconSettings },
] as const;

export function ColorSchemeButton() {
  const { t } = useTranslation();
  const { setColorScheme } = useMantineColorScheme();
  const dark = useComputedColorScheme("light") === "dark";
  const label = t(dark ? "shell.light" : "shell.dark");
  return (
    <Tooltip label={label}>
      <ActionIcon variant="subtle" color="gray" size="lg" aria-label={label} onClick={() => setColorScheme(dark ? "light" : "dark")}>
        {dark ? <IconSun size={19} /> : <IconMoon size={19} />}
      </ActionIcon>
    </Tooltip>
  );
}

function AccountMenu() {
  const { t } = useTranslation();
  const user = useUser();
  const { signOut } = useSignOut();
  const navigate = useNavigate();
  const leave = () => signOut(() => void navigate({ to: "/sign-in" }));
  return (
    <Menu position="top-start" width={200}>
      <Menu.Target>
        <UnstyledButton className={classes["link"]} data-testid="account-menu">
          <IconUserCircle size={20} />
          <Text size="sm" fw={500} truncate maw={110}>
            {user?.username}
          </Text>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconSettings size={16} />} onClick={() => void navigate({ to: "/settings" })}>
          {t("nav.settings")}
        </Menu.Item>
        <Menu.Item leftSection={<IconLogout size={16} />} onClick={leave} data-testid="sign-out">
          {t("shell.signOut")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

/** Navigation around every page but the labeling page, which takes the whole window. */
export function Shell() {
  const { t } = useTranslation();
  const [open, { toggle, close }] = useDisclosure(false);
  const path = useRouterState({ select: (state) => state.location.pathname });
  useEffect(close, [path, close]);
  return (
    <AppShell navbar={{ width: 216, breakpoint: "sm", collapsed: { mobile: !open } }} header={{ height: { base: 56, sm: 0 } }} padding={{ base: "md", sm: "xl" }}>
      <a href="#content" className="winnow-skip">
        {t("shell.skip")}
      </a>
      <AppShell.Header hiddenFrom="sm" className={classes["header"]}>
        <Group h="100%" px="md" justify="space-between">
          <Link to="/campaigns" className={classes["brand"]}>
            <Mark /> Winnow
          </Link>
          <Burger opened={open} onClick={toggle} aria-label={t("shell.menu")} />
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="md" className={classes["navbar"]} aria-label={t("shell.navigation")}>
        <Link to="/campaigns" className={classes["brand"]} style={{ padding: "2px 6px 20px" }}>
          <Mark /> Winnow
        </Link>
        <Stack gap={4} style={{ flex: 1 }}>
          {PLACES.map(({ to, key, icon: Icon }) => (
            <Link key={to} to={to} className={classes["link"]}>
              <Icon size={19} stroke={1.8} /> {t(`nav.${key}`)}
            </Link>
          ))}
        </Stack>
        <Group justify="space-between" wrap="nowrap" gap={4}>
          <AccountMenu />
          <ColorSchemeButton />
        </Group>
      </AppShell.Navbar>
      <AppShell.Main>
        <div className={classes["main"]} id="content" tabIndex={-1}>
          <Outlet />
        </div>
      </AppShell.Main>
    </AppShell>
  );
}
