import "@fontsource-variable/bricolage-grotesque/wght.css";
import "@fontsource-variable/inter/wght.css";
import { MantineProvider } from "@mantine/core";
import "@mantine/core/styles.css";
import "@mantine/dropzone/styles.css";
import { ModalsProvider } from "@mantine/modals";
import { Notifications } from "@mantine/notifications";
import "@mantine/notifications/styles.css";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { makeQueryClient } from "@/api/queryClient";
import { keepViewBook } from "@/api/viewBook";
import "@/i18n";
import { keepFocus } from "@/parts/keepFocus";
import { makeRouter } from "@/router";
import { cssVariables, theme } from "@/theme/theme";
import "@/theme/theme.css";

// After an upgrade the parts of a page that was open before are gone: load the new page, once.
window.addEventListener("vite:preloadError", (event) => {
  const last = Number(sessionStorage.getItem("winnow-reloaded") ?? 0);
  if (Date.now() - last < 10_000) return;
  sessionStorage.setItem("winnow-reloaded", String(Date.now()));
  event.preventDefault();
  window.location.reload();
});

keepViewBook();
keepFocus(document);

const queryClient = makeQueryClient();
const router = makeRouter(queryClient);

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <MantineProvider theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="auto">
        <ModalsProvider>
          <Notifications position="bottom-right" />
          <RouterProvider router={router} />
        </ModalsProvider>
      </MantineProvider>
    </QueryClientProvider>
  </StrictMode>,
);
