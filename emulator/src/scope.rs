//! The `scope` parameter: names of permissions, of one resource or of several.

use crate::{
    aadsts::Refusal,
    directory::{App, Directory},
};

const GRAPH: &str = "https://graph.microsoft.com";
/// Permissions of Microsoft Graph that concern the sign-in itself.
const OIDC: [&str; 4] = ["openid", "profile", "email", "offline_access"];

/// What a client asks for.
#[derive(Debug, Clone)]
pub(crate) struct Scopes<'a> {
    pub(crate) resources: Vec<Wanted<'a>>,
    /// As `openid`; not counted among the resources.
    pub(crate) oidc: Vec<String>,
}

/// What it asks of one resource.
#[derive(Debug, Clone)]
pub(crate) struct Wanted<'a> {
    pub(crate) resource: &'a App,
    /// How the client names the resource.
    pub(crate) named: String,
    /// What stands before a scope's name in the client's spelling, the slash included.
    prefix: String,
    pub(crate) names: Vec<String>,
    /// Everything that was consented to.
    pub(crate) is_default: bool,
}

impl<'a> Scopes<'a> {
    /// Reads the parameter; `tenant` is for the refusal.
    pub(crate) fn parse(directory: &'a Directory, text: &str, tenant: &str) -> Result<Self, Refusal> {
        let mut scopes = Self { resources: Vec::new(), oidc: Vec::new() };
        for scope in text.split_whitespace() {
            if OIDC.contains(&scope) {
                scopes.oidc.push(scope.to_owned());
                continue;
            }
            let (prefix, named, name) = match scope.rsplit_once('/') {
                Some((resource, name)) => (format!("{resource}/"), resource, name),
                None => (String::new(), GRAPH, scope),
            };
            let resource = directory
                .apps
                .iter()
                .find(|app| app.is_resource(named))
                .ok_or_else(|| Refusal::unknown_resource(named, tenant))?;
            scopes.wanted(resource, named, prefix).add(name);
        }
        match scopes.resources.iter().find(|wanted| wanted.is_default && !wanted.names.is_empty()) {
            Some(_) => Err(Refusal::mixed_default(text)),
            None => Ok(scopes),
        }
    }

    /// What is asked of `resource` so far.
    fn wanted(&mut self, resource: &'a App, named: &str, prefix: String) -> &mut Wanted<'a> {
        let at = self.resources.iter().position(|wanted| wanted.resource.id == resource.id);
        let at = at.unwrap_or_else(|| {
            let named = named.to_owned();
            self.resources.push(Wanted { resource, named, prefix, names: Vec::new(), is_default: false });
            self.resources.len() - 1
        });
        self.resources.get_mut(at).expect("it was found there, or has just been put there")
    }

    pub(crate) fn has(&self, oidc: &str) -> bool {
        self.oidc.iter().any(|scope| scope == oidc)
    }

    /// The one resource of a token request; without any it is Microsoft Graph.
    pub(crate) fn one(mut self, directory: &'a Directory, text: &str) -> Result<Wanted<'a>, Refusal> {
        match (self.resources.pop(), self.resources.is_empty()) {
            (Some(wanted), true) => Ok(wanted),
            (Some(_), false) => Err(Refusal::several_resources(text)),
            (None, _) => Wanted::graph(directory).ok_or_else(|| Refusal::unknown_resource(GRAPH, "any")),
        }
    }

    /// All it asks for by resource, with what OIDC asks of Microsoft Graph.
    pub(crate) fn needs(&self, directory: &'a Directory) -> Vec<Wanted<'a>> {
        let mut needs = self.resources.clone();
        let Some(graph) = Wanted::graph(directory).filter(|_| !self.oidc.is_empty()) else { return needs };
        match needs.iter_mut().find(|wanted| wanted.resource.id == graph.resource.id) {
            Some(wanted) if wanted.is_default => {}
            Some(wanted) => wanted.names.extend(self.oidc.iter().cloned()),
            None => needs.push(Wanted { names: self.oidc.clone(), ..graph }),
        }
        needs
    }
}

impl<'a> Wanted<'a> {
    fn add(&mut self, name: &str) {
        match name {
            ".default" => self.is_default = true,
            name => self.names.push(name.to_owned()),
        }
    }

    fn graph(directory: &'a Directory) -> Option<Self> {
        let resource = directory.apps.iter().find(|app| app.is_resource(GRAPH))?;
        let (named, prefix) = (GRAPH.to_owned(), String::new());
        Some(Self { resource, named, prefix, names: Vec::new(), is_default: false })
    }

    pub(crate) fn is_graph(&self) -> bool {
        self.resource.is_resource(GRAPH)
    }

    /// The names a user must have consented to: of `.default` those of the client's registration.
    pub(crate) fn required(&self, client: &App) -> Vec<String> {
        if self.is_default {
            client.needs(self.resource).map(|needed| needed.scopes.clone()).unwrap_or_default()
        } else {
            self.names.clone()
        }
    }

    /// As the client wrote it.
    pub(crate) fn asked(&self) -> Vec<String> {
        let names = self.names.iter().map(String::as_str).chain(self.is_default.then_some(".default"));
        names.map(|name| format!("{}{name}", self.prefix)).collect()
    }

    /// A scope the resource does not have.
    pub(crate) fn unknown(&self) -> Option<&str> {
        self.names.iter().find(|name| !self.resource.scopes.contains(name)).map(String::as_str)
    }

    /// The `scope` of the answer, in the client's own spelling: it looks its tokens up by that text.
    pub(crate) fn echo(&self, granted: &[String]) -> String {
        let is_oidc = |name: &str| OIDC.contains(&name);
        let mut echo: Vec<String> = granted
            .iter()
            .filter(|name| *name != "offline_access")
            .map(|name| if is_oidc(name) { name.clone() } else { format!("{}{name}", self.prefix) })
            .collect();
        if self.is_default {
            echo.push(format!("{}.default", self.prefix));
        }
        echo.join(" ")
    }
}
