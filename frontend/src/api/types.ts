import type { Answer } from "./client";
import type { components } from "./schema";

type Schemas = components["schemas"];

/** A page of a list; `next` is the address of the one after. */
export interface Page<T> {
  next?: string | null;
  previous?: string | null;
  results: T[];
}

export type Task = Schemas["TaskEnum"];
export type Role = Schemas["RoleEnum"];
export type ImageState = Schemas["ImageStateEnum"];
export type Split = Schemas["SplitEnum"] | "";
export type RunState = Schemas["RunStateEnum"];

export type User = Answer<Schemas["User"]>;
export type AuthState = Answer<Schemas["AuthState"]>;
export type ApiToken = Answer<Schemas["ApiToken"]>;

/** What only some labels have. */
type OfSome = "attributes" | "skeleton" | "parent" | "group";
export type Label = Answer<Omit<Schemas["Label"], OfSome>> & Pick<Schemas["Label"], OfSome>;
export type NewLabel = Required<Pick<Schemas["LabelRequest"], "name" | "color" | "hotkey">> & Pick<Schemas["LabelRequest"], "skeleton">;
export type Campaign = Answer<Schemas["Campaign"]>;
export type NewCampaign = Schemas["CampaignRequest"];
export type Member = Answer<Schemas["Member"]>;

export type CampaignImage = Answer<Schemas["Image"]>;
export type ImportReport = Answer<Schemas["ImportReport"]>;
export type ImportResult = Answer<Schemas["FileResult"]>;

export type Run = Answer<Schemas["Run"]>;
export type Progress = Answer<Schemas["Progress"]>;
export type RunItem = Answer<Schemas["RunItem"]>;
export type Reason = Answer<Schemas["Reason"]>;

export type RegisteredModel = Answer<Schemas["Model"]>;
/** What a model card from elsewhere fills in of a form. */
export type ImportedCard = Answer<Schemas["ImportedCard"]>;
export type ModelFields = Schemas["ModelRequest"];
export type ModelClass = Schemas["NamedClass"];
export type Protocol = Answer<Schemas["Protocol"]>;
export type CampaignModel = Answer<Schemas["CampaignModel"]>;
export type StepKind = Answer<Schemas["StepKind"]>;
export type ModelTest = Answer<Schemas["TestReport"]>;

export type TrainingForm = Schemas["TrainingRequestRequest"];
export type TrainingEstimate = Answer<Schemas["TrainingEstimate"]>;
export type TrainingWish = Answer<Schemas["TrainingWish"]>;
export type TrainingAdvice = Answer<Schemas["TrainingAdvice"]>;
export type TrainingRun = Answer<Schemas["TrainingRun"]>;
export type CurvePoint = Answer<Schemas["CurvePoint"]>;
export type Origin = Answer<Schemas["Origin"]>;
export type KnownCheckpoint = Answer<Schemas["Checkpoint"]>;
export type CurrentModel = Answer<Schemas["CurrentModel"]>;
export type Strategy = Answer<Schemas["Strategy"]>;
export type StrategyName = Schemas["StrategyEnum"];
export type NewRound = Schemas["NewRoundRequest"];
export type Round = Answer<Schemas["Round"]>;
export type RankedImage = Answer<Schemas["RankedImage"]>;
export type Evaluation = Answer<Schemas["Evaluation"]>;
export type ExportFormat = Schemas["FormatEnum"];

export type ProbeReport = Answer<Schemas["ProbeReport"]>;
export type ProbeQuestion = Schemas["ProbeRequest"];
export type Candidate = Answer<Schemas["Candidate"]>;
export type ModelHealth = Answer<Schemas["ModelHealth"]>;
export type HealthCheck = Answer<Schemas["HealthCheck"]>;
export type ModelCard = Schemas["CardRequest"];
export type Coverage = Answer<Schemas["Coverage"]>;
export type ModelComparison = Answer<Schemas["ModelComparison"]>;
export type AuditEntry = Answer<Schemas["AuditEntry"]>;
