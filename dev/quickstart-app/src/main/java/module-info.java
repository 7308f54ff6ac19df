/** What dev/quickstart runs. */
module dev.lifeboat.quickstart {
    requires dev.lifeboat.docker;
    requires dev.lifeboat.storage.fs;
}
