import { thumbnailUrl } from "@/api/thumbnails";
import type { AnnotationDocument } from "@/core/document";
import { drawnPath } from "@/shapes/drawn";
import classes from "./Labeling.module.css";
import type { ImageFacts } from "./wire";

const PICTURE_PX = 640;

interface Props {
  title: string;
  image: ImageFacts;
  document: AnnotationDocument;
  /** The objects that the other version has not, or has otherwise. */
  differing: ReadonlySet<string>;
  /** The one that is pointed at in the list. */
  pointed: string | null;
  colors: ReadonlyMap<number, string>;
}

/** A whole version on its image: what both agree on is faint, what differs is drawn in full. */
export function VersionPicture({ title, image, document, differing, pointed, colors }: Props) {
  const thickness = Math.max(image.width, image.height) / 160;
  return (
    <figure className={classes["version"]}>
      <svg viewBox={`0 0 ${image.width} ${image.height}`} role="img" aria-label={`${title}: ${document.size} objects, ${[...document.keys()].filter((id) => differing.has(id)).length} of them differ`}>
        <image href={thumbnailUrl(image.id, PICTURE_PX)} width={image.width} height={image.height} preserveAspectRatio="none" />
        {[...document.values()].map((annotation) => {
          const differs = differing.has(annotation.id);
          return (
            <path
              key={annotation.id}
              d={drawnPath(annotation.shape, 2 * thickness)}
              fill="none"
              stroke={colors.get(annotation.label) ?? "currentColor"}
              strokeWidth={thickness * (annotation.id === pointed ? 2.5 : 1)}
              opacity={differs ? 1 : 0.45}
              strokeDasharray={annotation.review === "draft" ? `${thickness * 3} ${thickness * 2}` : undefined}
            />
          );
        })}
      </svg>
      <figcaption>{title}</figcaption>
    </figure>
  );
}
