//! `tenantry organization suspend|reactivate`: what the service's own staff may do until there is a console for it.

use anyhow::bail;
use clap::Subcommand;
use domain::id::{OrgId, TypedId};
use uuid::Uuid;

use super::print;
use crate::{
    app::{App, Parts},
    config::Config,
};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Refuse everybody of the organization from now on.
    Suspend(Target),
    /// Let a suspended organization in again.
    Reactivate(Target),
}

#[derive(Debug, clap::Args)]
pub(super) struct Target {
    /// The organization's id.
    id: Uuid,
    /// Why; it is kept with the event.
    #[arg(long)]
    reason: String,
}

pub(super) async fn run(config: &Config, command: Command) -> anyhow::Result<()> {
    let app = App::build(config, Parts::system()).await?;
    let (id, organization) = match command {
        Command::Suspend(target) => {
            (target.id, app.operator.suspend(OrgId::from_uuid(target.id), &target.reason).await?)
        }
        Command::Reactivate(target) => {
            (target.id, app.operator.reactivate(OrgId::from_uuid(target.id), &target.reason).await?)
        }
    };
    let Some(organization) = organization else { bail!("there is no organization {id}") };
    print(&format!("{} ({id}) is {}.", organization.name, organization.status.as_str()))?;
    app.close().await
}
