import type { QueryClient } from "@tanstack/react-query";
import { createRootRouteWithContext, createRoute, createRouter, lazyRouteComponent, Outlet, redirect } from "@tanstack/react-router";
import { authStateQuery } from "@/api/auth";
import { viewBook } from "@/api/viewBook";
import { SetupPage } from "@/pages/auth/SetupPage";
import { SignInPage } from "@/pages/auth/SignInPage";
import { CampaignListPage } from "@/pages/campaigns/CampaignListPage";
import { filterSearch } from "@/pages/campaign/images/filters/address";
import { viewSearch } from "@/pages/campaign/explore/viewSearch";
import { startSearch } from "@/pages/campaign/training/startSearch";
import type { LabelingSearch } from "@/pages/labeling/LabelingRoute";
import { NotFound, RouteError } from "@/parts/routeStates";
import { Shell } from "@/parts/Shell";

interface Context {
  queryClient: QueryClient;
}

const root = createRootRouteWithContext<Context>()({ component: Outlet, notFoundComponent: NotFound, errorComponent: RouteError });

const setup = createRoute({
  getParentRoute: () => root,
  path: "/setup",
  component: SetupPage,
  beforeLoad: async ({ context }) => {
    const state = await context.queryClient.ensureQueryData(authStateQuery);
    if (!state.setup_needed) throw redirect({ to: "/campaigns" });
  },
});

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  component: SignInPage,
  validateSearch: (search: Record<string, unknown>): { from?: string } => {
    const from = search["from"];
    // Only a path of our own: a sign-in page that forwards anywhere is a phisher's friend.
    return typeof from === "string" && /^\/(?![/\\])/.test(from) ? { from } : {};
  },
  beforeLoad: async ({ context }) => {
    const state = await context.queryClient.ensureQueryData(authStateQuery);
    if (state.setup_needed) throw redirect({ to: "/setup" });
    if (state.user !== null) throw redirect({ to: "/campaigns" });
  },
});

/** Everything that needs somebody signed in. */
const members = createRoute({
  getParentRoute: () => root,
  id: "members",
  component: Outlet,
  beforeLoad: async ({ context, location }) => {
    const state = await context.queryClient.ensureQueryData(authStateQuery);
    if (state.setup_needed) throw redirect({ to: "/setup" });
    if (state.user === null) throw redirect({ to: "/sign-in", search: location.href === "/" ? {} : { from: location.href } });
    viewBook.open(state.user.id);
  },
});

const shell = createRoute({ getParentRoute: () => members, id: "shell", component: Shell });

const index = createRoute({
  getParentRoute: () => shell,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/campaigns" });
  },
});

const campaigns = createRoute({ getParentRoute: () => shell, path: "/campaigns", component: CampaignListPage });

const newCampaign = createRoute({
  getParentRoute: () => shell,
  path: "/campaigns/new",
  component: lazyRouteComponent(() => import("@/pages/campaigns/NewCampaignPage"), "NewCampaignPage"),
});

const campaignId = {
  parse: ({ campaignId: text }: { campaignId: string }) => ({ campaignId: Number(text) }),
  stringify: ({ campaignId: id }: { campaignId: number }) => ({ campaignId: String(id) }),
};

const CampaignPage = lazyRouteComponent(() => import("@/pages/campaign/CampaignPage"), "CampaignPage");

const campaign = createRoute({ getParentRoute: () => shell, path: "/campaigns/$campaignId", params: campaignId, validateSearch: filterSearch, component: CampaignPage });

const campaignTab = createRoute({
  getParentRoute: () => shell,
  path: "/campaigns/$campaignId/$tab",
  params: {
    parse: (raw: { campaignId: string; tab: string }) => ({ ...campaignId.parse(raw), tab: raw.tab }),
    stringify: (params: { campaignId: number; tab: string }) => ({ ...campaignId.stringify(params), tab: params.tab }),
  },
  validateSearch: (search: Record<string, unknown>) => ({ ...filterSearch(search), ...startSearch(search), ...viewSearch(search) }),
  component: CampaignPage,
});

const checkpoints = createRoute({
  getParentRoute: () => shell,
  path: "/campaigns/$campaignId/models/$modelId",
  params: {
    parse: (raw: { campaignId: string; modelId: string }) => ({ ...campaignId.parse(raw), modelId: Number(raw.modelId) }),
    stringify: (params: { campaignId: number; modelId: number }) => ({ ...campaignId.stringify(params), modelId: String(params.modelId) }),
  },
  component: lazyRouteComponent(() => import("@/pages/campaign/models/CheckpointsPage"), "CheckpointsPage"),
});

const label = createRoute({
  getParentRoute: () => members,
  path: "/campaigns/$campaignId/label",
  params: campaignId,
  validateSearch: (search: Record<string, unknown>): LabelingSearch => {
    const image = Number(search["image"]);
    const scope = search["scope"];
    return {
      ...(Number.isInteger(image) && image > 0 ? { image } : {}),
      ...(scope === "selection" || scope === "filter" ? { scope } : {}),
      ...filterSearch(search),
    };
  },
  component: lazyRouteComponent(() => import("@/pages/labeling/LabelingRoute"), "LabelingRoute"),
});

const models = createRoute({ getParentRoute: () => shell, path: "/models", component: lazyRouteComponent(() => import("@/pages/models/ModelListPage"), "ModelListPage") });

/** The campaign that a model is being set up for, when somebody came from there. */
function fromCampaign(search: Record<string, unknown>): { campaign?: number } {
  const id = Number(search["campaign"]);
  return Number.isInteger(id) && id > 0 ? { campaign: id } : {};
}

const newModel = createRoute({
  getParentRoute: () => shell,
  path: "/models/new",
  validateSearch: fromCampaign,
  component: lazyRouteComponent(() => import("@/pages/models/NewModelPage"), "NewModelPage"),
});

const model = createRoute({
  getParentRoute: () => shell,
  path: "/models/$modelId",
  params: {
    parse: ({ modelId }: { modelId: string }) => ({ modelId: Number(modelId) }),
    stringify: ({ modelId }: { modelId: number }) => ({ modelId: String(modelId) }),
  },
  validateSearch: fromCampaign,
  component: lazyRouteComponent(() => import("@/pages/models/ModelPage"), "ModelPage"),
});

const runs = createRoute({ getParentRoute: () => shell, path: "/runs", component: lazyRouteComponent(() => import("@/pages/runs/RunListPage"), "RunListPage") });

const run = createRoute({
  getParentRoute: () => shell,
  path: "/runs/$runId",
  params: {
    parse: ({ runId }: { runId: string }) => ({ runId: Number(runId) }),
    stringify: ({ runId }: { runId: number }) => ({ runId: String(runId) }),
  },
  component: lazyRouteComponent(() => import("@/pages/runs/RunPage"), "RunPage"),
});

const settings = createRoute({
  getParentRoute: () => shell,
  path: "/settings",
  component: lazyRouteComponent(() => import("@/pages/settings/SettingsPage"), "SettingsPage"),
});

const routeTree = root.addChildren([
  setup,
  signIn,
  members.addChildren([
    label,
    shell.addChildren([index, campaigns, newCampaign, campaign, campaignTab, checkpoints, models, newModel, model, runs, run, settings]),
  ]),
]);

export function makeRouter(queryClient: QueryClient) {
  return createRouter({ routeTree, context: { queryClient }, defaultPreload: "intent", scrollRestoration: true });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
