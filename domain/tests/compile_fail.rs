//! The doors that are shut: what would get around the organization, a permission or the record does not compile.

#[test]
fn what_gets_around_a_proof_does_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
