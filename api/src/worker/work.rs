//! Which use-case a kind of job is.

use domain::{
    access::{Authorized, Claimed, System},
    connections::Refresher,
    jobs::{Job, JobError, Kind, Outcome, Tidy},
    organizations::{Imports, Leaving, onboarding::Onboarding},
};

/// The use-cases that jobs carry out.
pub(crate) struct Work {
    pub(crate) tidy: Tidy,
    pub(crate) onboarding: Onboarding,
    pub(crate) imports: Imports,
    pub(crate) leaving: Leaving,
    pub(crate) refresher: Refresher,
}

impl Work {
    pub(super) async fn carry_out(&self, claimed: &Claimed) -> Result<Outcome, JobError> {
        match claimed {
            Claimed::OfOrganization(job, system) => self.of_organization(job, system).await,
            Claimed::OfService(job) => self.of_service(job).await,
        }
    }

    async fn of_organization(&self, job: &Job, system: &Authorized<System>) -> Result<Outcome, JobError> {
        match job.kind {
            Kind::ConnectionRefresh => self.refresher.run(job, system).await,
            Kind::ConsentProbe => self.onboarding.probe(system).await,
            Kind::ConsentProof => self.onboarding.prove(system).await,
            Kind::OrganizationPurge => self.leaving.purge(system).await,
            Kind::OrganizationTidy => Ok(self.tidy.organization(system).await?),
            Kind::UsersImport => self.imports.run(job, system).await,
            Kind::ServiceTidy => Err(misplaced()),
        }
    }

    async fn of_service(&self, job: &Job) -> Result<Outcome, JobError> {
        match job.kind {
            Kind::ServiceTidy => Ok(self.tidy.service().await?),
            Kind::ConnectionRefresh
            | Kind::ConsentProbe
            | Kind::ConsentProof
            | Kind::OrganizationPurge
            | Kind::OrganizationTidy
            | Kind::UsersImport => Err(misplaced()),
        }
    }
}

/// `access` claims no row whose kind and organization do not go together.
fn misplaced() -> JobError {
    JobError::Hopeless("the kind of job does not go with its organization".into())
}
