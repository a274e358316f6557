//! The sample business module: annotations of SharePoint and OneDrive items, with terms of the organization's
//! taxonomies. It is the one to copy for a module of your own; see `docs/adding-an-endpoint.md`.

mod annotation;
mod items;
mod taxonomy;

pub use annotation::{
    Annotation, AnnotationError, AnnotationFilter, AnnotationPatch, AnnotationReader, AnnotationRepository,
    Annotations, ItemRef, NewAnnotation, Place,
};
pub use taxonomy::{
    NewTaxonomy, NewTerm, Taxonomies, Taxonomy, TaxonomyError, TaxonomyPatch, TaxonomyReader,
    TaxonomyRepository, Term,
};

use crate::access::permission;

permission!(
    /// Sees annotations.
    Read = "annotations:read"
);
permission!(
    /// Makes annotations, and changes and deletes one's own.
    Write = "annotations:write"
);
permission!(
    /// Changes and deletes annotations of others.
    Moderate = "annotations:moderate"
);

/// Permissions over taxonomies and their terms.
pub mod taxonomies {
    use crate::access::permission;

    permission!(
        /// Sees taxonomies and terms.
        Read = "taxonomies:read"
    );
    permission!(
        /// Makes, changes and deletes taxonomies and terms.
        Manage = "taxonomies:manage"
    );
}
