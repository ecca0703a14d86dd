import type { RegisteredModel, Task } from "@/api/types";

export const TASKS = ["classification", "detection", "segmentation", "keypoints"] as const satisfies readonly Task[];

type Kind = RegisteredModel["kind"] | "onnx";

/** What a model is to people: by its address, from a file, trained here, or for clicks. */
export function kindOf(model: Pick<RegisteredModel, "kind" | "protocol">): Kind {
  return isOnnx(model) ? "onnx" : model.kind;
}

export function isOnnx(model: Pick<RegisteredModel, "protocol"> | null): boolean {
  return model?.protocol === "onnx";
}

/** A name to start with: the file's, without its ending and with spaces for the marks between words. */
export function nameOfFile(file: string): string {
  return file
    .replace(/\.[^.]*$/, "")
    .replace(/[_-]+/g, " ")
    .trim();
}

/** Whether a program beside the model fetches its work: such a model has no address. */
export function isPulled(model: { readonly protocol: string }): boolean {
  return model.protocol === "agent";
}

/** The command that starts that program. */
export function agentCommand(origin: string, modelId: number | null): string {
  return `winnow-agent --url ${origin} --model ${modelId === null ? "NUMBER" : String(modelId)} --token-file token.txt --function function.py`;
}
