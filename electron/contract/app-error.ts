/**
 * An expected failure: something the person can understand and act on. Anything else that is thrown is a bug.
 *
 * `code` is stable and safe to branch on; `message` says what did not happen and what to do about it;
 * `details` carries machine-readable context (file, row, column) and must be plain JSON.
 */
export class AppError extends Error {
  override readonly name = 'AppError';

  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly details: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
  }
}

/** Every code the product can answer with. Prefix = domain. */
export type ErrorCode =
  | 'WORKSPACE_IN_USE'
  | 'WORKSPACE_INVALID'
  | 'WORKSPACE_NEWER'
  | 'WORKSPACE_UNWRITABLE'
  | 'DATASET_MISSING'
  | 'DATASET_NAME_TAKEN'
  | 'DATASET_EMPTY'
  | 'IMPORT_FILE_MISSING'
  | 'IMPORT_FILE_EMPTY'
  | 'IMPORT_FILE_UNREADABLE'
  | 'IMPORT_FORMAT_UNKNOWN'
  | 'IMPORT_FORMAT_AMBIGUOUS'
  | 'IMPORT_MAPPING_INVALID'
  | 'IMPORT_ARCHIVE_UNSAFE'
  | 'IMPORT_UNFINISHED'
  | 'JOB_MISSING'
  | 'JOB_HANDLER_MISSING'
  | 'JOB_CONFLICT'
  | 'JOB_NOT_PAUSABLE'
  | 'JOB_INTERRUPTED'
  | 'QUERY_FAILED'
  | 'QUERY_NOT_READ_ONLY'
  | 'QUERY_CANCELLED'
  | 'FILTER_INVALID'
  | 'FIELD_UNKNOWN'
  | 'VIEW_MISSING'
  | 'ROW_MISSING'
  | 'EDIT_INVALID'
  | 'EDIT_REASON_MISSING'
  | 'EDIT_CONFLICT'
  | 'EDIT_NOTHING'
  | 'OPERATION_MISSING'
  | 'SNAPSHOT_MISSING'
  | 'SEARCH_INVALID'
  | 'SEARCH_INDEX_MISSING'
  | 'CONSTITUTION_MISSING'
  | 'CONSTITUTION_NOT_APPLICABLE'
  | 'PRINCIPLE_MISSING'
  | 'PRINCIPLE_RUN_MISSING'
  | 'AUDIT_UNKNOWN'
  | 'AUDIT_NOT_APPLICABLE'
  | 'AUDIT_RUN_MISSING'
  | 'AUDIT_SLICE_UNKNOWN'
  | 'AUDIT_JUDGE_UNKNOWN'
  | 'MODEL_MISSING'
  | 'MODEL_NAME_TAKEN'
  | 'MODEL_NOT_LOADED'
  | 'MODEL_FILE_MISSING'
  | 'MODEL_FILE_INVALID'
  | 'MODEL_UNSUPPORTED'
  | 'MODEL_TOO_LARGE'
  | 'MODEL_LACKS_CAPABILITY'
  | 'ENGINE_DIED'
  | 'ENGINE_UNAVAILABLE'
  | 'ENDPOINT_FAILED'
  | 'INPUT_TOO_LONG'
  | 'TEMPLATE_INVALID'
  | 'PROTOCOL_UNKNOWN'
  | 'JUDGE_RUN_MISSING'
  | 'ANNOTATION_PROJECT_MISSING'
  | 'ANNOTATION_PROJECT_INVALID'
  | 'ANNOTATION_EMPTY'
  | 'ANNOTATION_ANSWER_INVALID'
  | 'ANNOTATION_ITEM_MISSING'
  | 'RATER_MISSING'
  | 'RATER_NAME_TAKEN'
  | 'REPORT_MISSING'
  | 'EXPORT_FAILED'
  | 'EXPORT_FORMAT_UNKNOWN'
  | 'EXPORT_OPTION_INVALID'
  | 'EXPORT_TARGET_INVALID'
  | 'EXPORT_EXISTS'
  | 'EXPORT_EMPTY'
  | 'DISK_FULL'
  | 'INPUT_INVALID'
  | 'LINK_LOST'
  | 'VERSION_MISMATCH'
  | 'UNAUTHORISED'
  | 'METHOD_UNKNOWN'
  | 'RESULT_NOT_SERIALISABLE'
  | 'INTERNAL';

/** True for expected failures, also for those rebuilt on the other side of a transport. */
export function isAppError(error: unknown): error is AppError {
  return error instanceof AppError;
}
