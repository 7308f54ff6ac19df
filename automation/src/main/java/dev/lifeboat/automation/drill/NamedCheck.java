package dev.lifeboat.automation.drill;

/** A check made of a name and an assertion. */
record NamedCheck(String name, Assertion assertion) implements Check {
    NamedCheck {
        if (name.isBlank()) {
            throw new IllegalArgumentException("a check has no name");
        }
    }

    @Override
    public String run(RestoredApplication application) throws Exception {
        return assertion.run(application);
    }
}
