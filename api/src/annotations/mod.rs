//! The sample business module: taxonomies, terms and annotations.

mod annotation;
mod taxonomy;
mod term;

pub(crate) use annotation::AnnotationsApi;
pub(crate) use taxonomy::TaxonomiesApi;
pub(crate) use term::TermsApi;
