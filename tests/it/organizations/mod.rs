mod me;
mod members;
mod organization;
