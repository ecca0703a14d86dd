import { Anchor, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { Campaign, KnownCheckpoint } from "@/api/types";
import { modelTitle } from "@/parts/modelTitle";
import classes from "./Lineage.module.css";

type Relative = KnownCheckpoint["ancestors"][number];

function Name({ campaign, of }: { campaign: Campaign; of: Relative }) {
  const { t } = useTranslation();
  return (
    <Anchor component={Link} to={`/campaigns/${campaign.id}/models/${of.model.id}`} size="sm">
      {modelTitle(of.model)}, {t(`checkpoints.role.${of.role}`)}
    </Anchor>
  );
}

/** A checkpoint among those that it comes from and those that went on from it, as a tree with the eldest on top. */
export function Lineage({ campaign, checkpoint }: { campaign: Campaign; checkpoint: KnownCheckpoint }) {
  const { t } = useTranslation();
  const elders = [...checkpoint.ancestors].reverse();
  const children = checkpoint.children.length > 0 && (
    <ul className={classes["level"]}>
      {checkpoint.children.map((one) => (
        <li key={one.id}>
          <Name campaign={campaign} of={one} />
        </li>
      ))}
    </ul>
  );
  const own = (
    <>
      <Text size="sm" fw={600} component="span" aria-current="true">
        {t("checkpoints.this")}
      </Text>
      {children}
    </>
  );
  const tree = elders.reduceRight(
    (below, elder) => (
      <>
        <Name campaign={campaign} of={elder} />
        <ul className={classes["level"]}>
          <li>{below}</li>
        </ul>
      </>
    ),
    own,
  );
  return (
    <div data-testid="lineage">
      <Text size="sm" c="dimmed">
        {t(elders.length > 0 ? "checkpoints.lineage" : "checkpoints.fromBackbone")}
      </Text>
      {(elders.length > 0 || checkpoint.children.length > 0) && (
        <ul className={classes["root"]}>
          <li>{tree}</li>
        </ul>
      )}
    </div>
  );
}
