export type Task = "classification" | "detection" | "segmentation" | "keypoints";
export type Role = "owner" | "manager" | "reviewer" | "annotator" | "viewer";
export type ImageState = "unlabeled" | "submitted" | "accepted" | "returned";
export type Split = "" | "train" | "validation" | "test";
export type RunState = "queued" | "running" | "succeeded" | "failed" | "cancelled" | "timed_out" | "lost";

export interface User {
  id: number;
  username: string;
  is_owner: boolean;
}

export interface AuthState {
  setup_needed: boolean;
  user: User | null;
}

export interface Page<T> {
  next: string | null;
  previous: string | null;
  results: T[];
}

export interface Label {
  id: number;
  name: string;
  color: string;
  hotkey: string;
  position: number;
}

export interface NewLabel {
  name: string;
  color: string;
  hotkey: string;
}

export interface CampaignSettings {
  multi_label?: boolean;
  segmentation?: "instance" | "semantic";
  control_share?: number;
  lease_s?: number;
}

export interface Campaign {
  id: number;
  name: string;
  task: Task;
  instructions: string;
  settings: CampaignSettings;
  labels: Label[];
  role: Role;
  counts: { images: number; unlabeled: number; submitted: number; accepted: number };
  created_at: string;
  run?: number | null;
}

export interface Member {
  id: number;
  user: User;
  role: Role;
}

export interface CampaignImage {
  id: number;
  campaign: number;
  name: string;
  width: number;
  height: number;
  bands: number;
  dtype: string;
  format: string;
  state: ImageState;
  split: Split;
  priority: number;
  flagged: boolean;
  labels: number[];
}

export interface ImportResult {
  name: string;
  status: "created" | "duplicate" | "refused";
  code?: string;
  detail?: string;
}

export interface ImportReport {
  results: ImportResult[];
  created: number;
  duplicates: number;
  refused: number;
}

export interface Progress {
  done: number;
  total: number | null;
  failed: number;
  rate: number | null;
  eta_s: number | null;
}

export interface Run {
  id: number;
  kind: string;
  campaign: number | null;
  state: RunState;
  progress: Progress;
  message: string;
  error: string;
  result: Record<string, unknown>;
  params: Record<string, unknown>;
  attempts: number;
  cancel_requested: boolean;
  created_by: User | null;
  created_at: string;
  started_at: string | null;
  finished_at: string | null;
}

export interface Reason {
  code: string;
  count: number;
  example: string;
}

export interface RunItem {
  id: number;
  image: number;
  name: string;
  state: string;
  code: string;
  reason: string;
  latency_ms: number | null;
}

export interface ModelClass {
  index: number;
  name: string;
}

export interface RegisteredModel {
  id: number;
  name: string;
  description: string;
  version: string;
  kind: "external" | "internal";
  task: Task;
  multi_label: boolean;
  protocol: string;
  url: string;
  has_secret: boolean;
  auth_header: string;
  classes: ModelClass[];
  options: Record<string, unknown>;
  created_at: string;
}

export interface Protocol {
  name: string;
  title: string;
  tasks: Task[];
}

export interface CampaignModel {
  model: RegisteredModel;
  mapping: { class: ModelClass; label: number | null }[];
  thresholds: Record<string, number>;
}

export interface TrainingRun {
  id: number;
  name: string;
  run: Run;
  config: Record<string, unknown>;
  model: { id: number; name: string; version: string } | null;
  images: number | null;
}

export interface CurvePoint {
  epoch: number;
  metrics: Record<string, number | null>;
  best: boolean;
}

export interface Strategy {
  name: string;
  title: string;
  needs: string[];
  paper: string;
  description: string;
}

export interface Round {
  number: number;
  state: "ranking" | "open" | "closed" | "failed";
  strategy: string;
  size: number;
  seed: number;
  model: { id: number; name: string; version: string } | null;
  run: number | Run | null;
  pool_size: number;
  labeled?: number;
  created_at: string;
  opened_at: string | null;
  closed_at: string | null;
}

export interface RankedImage {
  image: { id: number; name: string };
  rank: number;
  score: number;
  parts: Record<string, number>;
  why: string;
  state: ImageState;
}

export interface Evaluation {
  id: number;
  model: { id: number; name: string; version: string } | null;
  round: number | null;
  labeled: number;
  held_back: number;
  metrics: Record<string, number>;
  random_metrics: Record<string, number>;
  created_at: string;
}
