//! Sessions of browsers: who is signed in behind a cookie.

use super::Authentication;

/// One browser.
#[derive(Debug, Clone, Default)]
pub(crate) struct Session {
    pub(crate) accounts: Vec<Account>,
}

/// Somebody who signed in there.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) handle: String,
    pub(crate) authentication: Authentication,
}

impl Session {
    pub(crate) fn account(&self, handle: &str) -> Option<&Account> {
        self.accounts.iter().find(|account| account.handle == handle)
    }

    pub(crate) fn sign_in(&mut self, account: Account) {
        self.sign_out(&account.handle);
        self.accounts.push(account);
    }

    pub(crate) fn sign_out(&mut self, handle: &str) {
        self.accounts.retain(|account| account.handle != handle);
    }
}
