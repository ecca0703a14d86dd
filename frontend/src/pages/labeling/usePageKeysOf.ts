import { useMemo } from "react";
import { usePreferences } from "@/api/preferences";
import type { Campaign } from "@/api/types";
import { isPalette, recolored } from "@/keys/palettes";
import { keysOf, pageKeys, type PageKeys } from "./page-keys";

/** The person's own keys and palette, over the campaign's. */
export function usePageKeysOf({ labels, settings }: Campaign): PageKeys {
  const preferences = usePreferences();
  const own = preferences?.keys;
  const palette = preferences?.palette;
  const given = settings.keys;
  return useMemo(
    () => pageKeys(recolored(labels, isPalette(palette) ? palette : "campaign"), { campaign: keysOf(given), own: keysOf(own) }),
    [labels, given, own, palette],
  );
}
