import {
  Accordion, Badge, Button, Card, createTheme, type CSSVariablesResolver, defaultVariantColorsResolver, Drawer, Menu, Modal, Notification, type MantineColorsTuple, Paper, Progress, Select, Table,
  Tabs, Tooltip, type VariantColorsResolver,
} from "@mantine/core";

const pine: MantineColorsTuple = [
  "#e8f4f1", "#d0e8e3", "#a2d2c9", "#70bbae", "#4aa899", "#2f8f81", "#1b7a6d", "#0f6a5f", "#0a564d", "#06403a",
];
const wheat: MantineColorsTuple = [
  "#fdf5e3", "#f9e9c6", "#f3d592", "#edc05c", "#e8b03a", "#d99a1c", "#b47c10", "#8c5f0a", "#6d4907", "#4c3204",
];
const gray: MantineColorsTuple = [
  "#faf9f6", "#f3f1ec", "#e9e6de", "#dcd8ce", "#c6c1b4", "#8f897b", "#686358", "#56524a", "#3a3732", "#24221f",
];
const dark: MantineColorsTuple = [
  "#dfe5e3", "#bdc7c4", "#9ba8a4", "#74817d", "#4c5855", "#3a4442", "#28302e", "#1b2120", "#141918", "#0e1211",
];

/** What opens over the page: its button has a name, and its header is no second banner of the page. */
const OVER_THE_PAGE = { closeButtonProps: { "aria-label": "Close" }, attributes: { header: { role: "presentation" } } };

/** A light button reads as tinted text on a tint, a red one as white on a red: both ends are chosen for AA contrast in both schemes. */
const variantColors: VariantColorsResolver = (input) => {
  const colors = defaultVariantColorsResolver(input);
  const name = input.color ?? input.theme.primaryColor;
  if (input.variant === "filled" && name === "red") return { ...colors, background: "#b3261e", hover: "#9c1f18", color: "#ffffff" };
  if (input.variant !== "light" || name.includes("-") || name.startsWith("#")) return colors;
  return {
    ...colors,
    color: `var(--winnow-${name}-text, ${colors.color})`,
  };
};

export const theme = createTheme({
  primaryColor: "pine",
  primaryShade: { light: 7, dark: 6 },
  autoContrast: true,
  luminanceThreshold: 0.3,
  colors: { pine, wheat, gray, dark },
  fontFamily: "'Inter Variable', system-ui, sans-serif",
  fontFamilyMonospace: "ui-monospace, 'SF Mono', 'Cascadia Mono', 'DejaVu Sans Mono', monospace",
  headings: { fontFamily: "'Bricolage Grotesque Variable', 'Inter Variable', system-ui, sans-serif", fontWeight: "600" },
  defaultRadius: "md",
  radius: { xs: "3px", sm: "5px", md: "8px", lg: "12px", xl: "18px" },
  cursorType: "pointer",
  focusRing: "auto",
  respectReducedMotion: true,
  variantColorResolver: variantColors,
  components: {
    Button: Button.extend({ defaultProps: { fw: 550 } }),
    Notification: Notification.extend({ defaultProps: { closeButtonProps: { "aria-label": "Close" } } }),
    Badge: Badge.extend({ defaultProps: { variant: "light", radius: "sm", tt: "none", fw: 550 }, styles: { root: { flexShrink: 0, minWidth: "max-content" } } }),
    Accordion: Accordion.extend({ classNames: { item: "winnow-accordion-item" } }),
    Card: Card.extend({ defaultProps: { withBorder: true, padding: "lg", radius: "lg" } }),
    Paper: Paper.extend({ defaultProps: { radius: "lg" } }),
    Modal: Modal.extend({ defaultProps: { centered: true, radius: "lg", overlayProps: { backgroundOpacity: 0.45, blur: 2 }, ...OVER_THE_PAGE } }),
    Drawer: Drawer.extend({ defaultProps: OVER_THE_PAGE }),
    // The placeholder that would hold the focus is no item, and a menu has nothing but items: the first of them holds it.
    Menu: Menu.extend({ defaultProps: { withInitialFocusPlaceholder: false } }),
    Table: Table.extend({ defaultProps: { verticalSpacing: "sm", horizontalSpacing: "md" } }),
    Tabs: Tabs.extend({ defaultProps: { keepMounted: false, color: "var(--winnow-focus)" } }),
    Tooltip: Tooltip.extend({ defaultProps: { openDelay: 300, withArrow: true } }),
    Select: Select.extend({ defaultProps: { allowDeselect: false } }),
    Progress: Progress.extend({ defaultProps: { color: "var(--winnow-bar)" } }),
  },
});

export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    "--mantine-color-body": "#f6f5f1",
    "--mantine-color-text": "#24221f",
    "--mantine-color-dimmed": "#636056",
    "--mantine-color-anchor": "#0f6a5f",
    "--mantine-color-error": "#b3261e",
    "--mantine-color-placeholder": "#716c61",
    "--winnow-surface": "#ffffff",
    "--winnow-sunken": "#efede6",
    "--winnow-line": "#e2ded4",
    "--winnow-hover": "#f3f1ea",
    "--winnow-pine-text": "#0a564d",
    "--winnow-wheat-text": "#6d4907",
    "--winnow-red-text": "#9c1f18",
    "--winnow-gray-text": "#4a473f",
    "--winnow-blue-text": "#1b4f8f",
    "--winnow-accent": "#b47c10",
    "--winnow-focus": "#0f6a5f",
    "--winnow-bar": "#0f6a5f",
    "--winnow-bar-bad": "#b3261e",
  },
  dark: {
    "--mantine-color-body": "#131817",
    "--mantine-color-text": "#dfe5e3",
    "--mantine-color-dimmed": "#9ba8a4",
    "--mantine-color-anchor": "#7cc8bb",
    "--mantine-color-error": "#ff9b93",
    "--mantine-color-placeholder": "#8d9a96",
    "--winnow-surface": "#1b2120",
    "--winnow-sunken": "#0f1413",
    "--winnow-line": "#2e3735",
    "--winnow-hover": "#232b29",
    "--winnow-pine-text": "#8fd3c7",
    "--winnow-wheat-text": "#f0ca78",
    "--winnow-red-text": "#ff9b93",
    "--winnow-gray-text": "#c3ccc9",
    "--winnow-blue-text": "#a5c8f5",
    "--winnow-accent": "#e8b03a",
    "--winnow-focus": "#7cc8bb",
    "--winnow-bar": "#4aa899",
    "--winnow-bar-bad": "#e5675e",
  },
});
