import { useLabelChanges } from "@/api/campaigns";
import type { Campaign, Label } from "@/api/types";
import { readSkeleton } from "@/core/skeleton";
import { asDocument } from "@/parts/skeleton/drafts";
import { SkeletonButton } from "@/parts/skeleton/SkeletonButton";

/** The skeleton of a label that exists: saved by itself. */
export function LabelSkeleton({ campaign, label }: { campaign: Campaign; label: Label }) {
  const { update } = useLabelChanges(campaign.id);
  return (
    <SkeletonButton
      name={label.name}
      value={readSkeleton(label.skeleton)}
      saving={update.isPending}
      onSave={(skeleton, done) => update.mutate({ id: label.id, skeleton: skeleton ? asDocument(skeleton) : {} }, { onSuccess: done })}
    />
  );
}
