/** What dev/quickstart runs. */
module dev.lifeboat.quickstart {
    requires dev.lifeboat.automation;
    requires dev.lifeboat.docker;
    requires dev.lifeboat.storage.fs;
}
