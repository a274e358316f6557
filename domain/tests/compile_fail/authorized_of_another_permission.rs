//! The proof of one permission is not that of another.

use domain::{
    access::Authorized,
    annotations::{AnnotationError, Annotations, NewAnnotation, Read},
};

async fn create(
    annotations: &Annotations,
    caller: &Authorized<Read>,
    new: NewAnnotation,
) -> Result<(), AnnotationError> {
    annotations.create(caller, new, None).await.map(|_| ())
}

fn main() {}
