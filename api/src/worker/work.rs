//! Which use-case a kind of job is.

use domain::{
    access::Claimed,
    jobs::{JobError, Kind, Outcome, Tidy},
};

/// The use-cases that jobs carry out.
pub(crate) struct Work {
    pub(crate) tidy: Tidy,
}

impl Work {
    pub(super) async fn carry_out(&self, claimed: &Claimed) -> Result<Outcome, JobError> {
        match claimed {
            Claimed::OfOrganization(job, system) => match job.kind {
                Kind::OrganizationTidy => Ok(self.tidy.organization(system).await?),
                Kind::ServiceTidy => Err(misplaced()),
            },
            Claimed::OfService(job) => match job.kind {
                Kind::ServiceTidy => Ok(self.tidy.service().await?),
                Kind::OrganizationTidy => Err(misplaced()),
            },
        }
    }
}

/// `access` claims no row whose kind and organization do not go together.
fn misplaced() -> JobError {
    JobError::Hopeless("the kind of job does not go with its organization".into())
}
