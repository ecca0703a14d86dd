import { useState } from "react";
import { thumbnailUrl } from "@/api/thumbnails";
import { useWhy } from "@/api/progress";
import classes from "./Labeling.module.css";
import why from "./WhyPanel.module.css";
import type { Workspace } from "./workspace";

/** Why the queue hands out this image: its place, its reason, the parts of its score, and labeled images that look like it. */
export function WhyPanel({ workspace }: { workspace: Workspace }) {
  const [opened, setOpened] = useState(false);
  const query = useWhy(workspace.image.id, opened);
  return (
    <details open={opened} onToggle={(event) => setOpened(event.currentTarget.open)} data-testid="why-image">
      <summary className={why["summary"]}>Why this image</summary>
      {query.data === undefined ? <p className={classes["quiet"]}>{query.error === null ? "Looking…" : "It could not be read. Close and open this to try again."}</p> : <Reasons found={query.data} />}
    </details>
  );
}

function Reasons({ found }: { found: NonNullable<ReturnType<typeof useWhy>["data"]> }) {
  const { ranked, neighbours, looked_at: isLookedAt, withheld: isWithheld } = found;
  const parts = Object.entries(ranked?.parts ?? {}).filter(([name, value]) => name !== "audit" && Number.isFinite(value));
  return (
    <div className={why["reasons"]}>
      {ranked === null ? (
        <p className={classes["quiet"]}>No open round asks for it.</p>
      ) : (
        <>
          <p className={classes["quiet"]} data-testid="why-rank">
            Rank {ranked.rank} of round {ranked.round}, by {ranked.strategy}.
          </p>
          {isWithheld ? <p className={classes["quiet"]}>A control image: what models say of it is not told.</p> : <p className={why["sentence"]}>{ranked.why}</p>}
          {parts.length > 0 && (
            <dl className={why["parts"]}>
              {parts.map(([name, value]) => (
                <div key={name}>
                  <dt>{name.replaceAll("_", " ")}</dt>
                  <dd>{Number(value.toPrecision(2))}</dd>
                </div>
              ))}
            </dl>
          )}
        </>
      )}
      {neighbours.length > 0 ? (
        <>
          <p className={classes["quiet"]}>Labeled images that look most like it</p>
          <ul className={why["neighbours"]}>
            {neighbours.map(({ image, labels, similarity }) => (
              <li key={image.id}>
                <img src={thumbnailUrl(image.id)} alt={image.name} title={image.name} loading="lazy" />
                <span>{labels.length === 0 ? "no label" : labels.join(", ")}</span>
                <span>{Math.round(100 * similarity)} % alike</span>
              </li>
            ))}
          </ul>
        </>
      ) : (
        <p className={classes["quiet"]}>{isLookedAt ? "No labeled image has been looked at yet." : "Its features are not computed yet; the next round does it."}</p>
      )}
    </div>
  );
}
