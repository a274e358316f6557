//! The doors that are shut: no other crate names a table, holds a connection or makes a unit of work.

#[test]
fn what_gets_around_the_unit_of_work_does_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
