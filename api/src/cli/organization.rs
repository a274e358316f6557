//! `tenantry organization …`: what the service's own staff may do to organizations, at the command line.

use anyhow::{Context, bail};
use chrono::TimeDelta;
use clap::Subcommand;
use domain::{
    access::Reason,
    id::{OrgId, TypedId},
    organizations::{Organization, PURGE_AFTER},
};
use futures_util::StreamExt;
use uuid::Uuid;

use super::print;
use crate::{
    admin::invitation_link,
    app::{App, Parts},
    config::Config,
};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Refuse everybody of the organization from now on.
    Suspend(Target),
    /// Let a suspended organization in again.
    Reactivate(Target),
    /// Make a link by which a customer's administrator connects their tenant. It serves once.
    Invite(Invite),
    /// List the links that were made.
    Invitations,
    /// Take a link back.
    Uninvite {
        /// The link's id.
        id: Uuid,
    },
    /// Delete an organization. It can be restored for 30 days; then it is purged.
    Delete {
        #[command(flatten)]
        target: Target,
        /// The organization's name.
        #[arg(long)]
        confirm: String,
    },
    /// Bring a deleted organization back.
    Restore(Target),
    /// Write all that an organization owns to standard output, as lines of JSON.
    Export {
        /// The organization's id.
        id: Uuid,
    },
}

#[derive(Debug, clap::Args)]
pub(super) struct Target {
    /// The organization's id.
    id: Uuid,
    /// Why; it is kept with the event.
    #[arg(long)]
    reason: Reason,
}

#[derive(Debug, clap::Args)]
pub(super) struct Invite {
    /// The customer's tenant, where it is known: the link is for no other one then.
    #[arg(long)]
    tenant: Option<Uuid>,
    /// For whom it is; only operators see it.
    #[arg(long)]
    note: Reason,
    /// For how many days it is good.
    #[arg(long, default_value_t = 14, value_parser = clap::value_parser!(i64).range(1..=90))]
    days: i64,
}

pub(super) async fn run(config: &Config, command: Command) -> anyhow::Result<()> {
    let app = App::build(config, Parts::system()).await?;
    carry_out(&app, config, command).await?;
    app.close().await
}

async fn carry_out(app: &App, config: &Config, command: Command) -> anyhow::Result<()> {
    let of = OrgId::from_uuid;
    let operator = &app.operator;
    match command {
        Command::Suspend(target) => told(target.id, operator.suspend(of(target.id), &target.reason).await?),
        Command::Reactivate(target) => {
            told(target.id, operator.reactivate(of(target.id), &target.reason).await?)
        }
        Command::Delete { target, confirm } => {
            let organization = operator.delete(of(target.id), &confirm, &target.reason).await?;
            let deleted_at = organization.deleted_at.unwrap_or(organization.updated_at);
            let purge_at = (deleted_at + PURGE_AFTER).format("%Y-%m-%d %H:%M UTC");
            print(&format!("{} ({}) is deleted, and is purged at {purge_at}.", organization.name, target.id))
        }
        Command::Restore(target) => told(target.id, operator.restore(of(target.id), &target.reason).await?),
        Command::Invite(invite) => {
            let lifetime = TimeDelta::days(invite.days);
            let made = app.onboarding.invite(operator, invite.tenant, invite.note.as_str(), lifetime).await?;
            print(&format!(
                "{}\nIts id is {}; it is good until {}, and is not shown again.",
                invitation_link(&config.process.public_url, &made.text),
                made.invitation.id,
                made.invitation.expires_at.format("%Y-%m-%d %H:%M UTC"),
            ))
        }
        Command::Invitations => {
            for link in app.onboarding.invitations(operator, u64::from(u32::MAX), 0).await?.items {
                let tenant = link.tenant.map_or_else(|| "any tenant".to_owned(), |tenant| tenant.to_string());
                let state = app.onboarding.state_of(&link).as_str();
                print(&format!("{}  {tenant}  until {}  {state}  {}", link.id, link.expires_at, link.note))?;
            }
            Ok(())
        }
        Command::Uninvite { id } => {
            app.onboarding.uninvite(operator, id).await?;
            print("It is not good any more.")
        }
        Command::Export { id } => export(app, id).await,
    }
}

fn told(id: Uuid, organization: Option<Organization>) -> anyhow::Result<()> {
    let Some(organization) = organization else {
        bail!("there is no organization {id} of which that could be said")
    };
    print(&format!("{} ({id}) is {}.", organization.name, organization.status.as_str()))
}

async fn export(app: &App, id: Uuid) -> anyhow::Result<()> {
    use std::io::Write;
    let lines =
        app.export(OrgId::from_uuid(id)).await?.with_context(|| format!("there is no organization {id}"))?;
    let mut lines = std::pin::pin!(lines);
    while let Some(text) = lines.next().await {
        std::io::stdout().write_all(&text?)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use crate::cli::Cli;

    #[test]
    fn a_reason_that_says_nothing_is_none() {
        const ID: &str = "019b796d-d600-7072-a157-b580d13eb14e";
        let commands: [&[&str]; 5] = [
            &["organization", "suspend", ID],
            &["organization", "reactivate", ID],
            &["organization", "delete", ID, "--confirm", "Contoso"],
            &["organization", "restore", ID],
            &["admin", "grant", ID],
        ];
        for command in commands {
            let parsed = |reason: &str| {
                let all = [&["tenantry"], command, &["--reason", reason]].concat();
                Cli::try_parse_from(all).map(|_| ()).map_err(|error| error.to_string())
            };
            assert_eq!(parsed("ticket 4711"), Ok(()), "{command:?}");
            let refused = parsed("  ").unwrap_err();
            assert!(refused.contains("says nothing"), "{command:?}: {refused}");
        }
    }
}
