package dev.lifeboat.automation;

/** A step that is an action with a name. */
record NamedStep(String name, Action action) implements Step {
    @Override
    public String run(Context context) throws Exception {
        return action.run(context);
    }

    @Override
    public String toString() {
        return name;
    }
}
