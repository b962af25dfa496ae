//! What answers have in common.

use serde::Serialize;
use utoipa::ToSchema;

/// An answer of the reference (§2.2): what was asked for, beside `success` and the moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Success<T> {
    /// Always `true`: what fails is answered by an `ApiError`.
    pub success: bool,
    /// RFC 3339, UTC.
    pub timestamp: String,
    #[serde(flatten)]
    pub value: T,
}

/// Nothing beside `success` and the moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Nothing {}
