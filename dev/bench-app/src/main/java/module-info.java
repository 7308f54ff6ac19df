/** The program that dev/bench runs. */
module dev.lifeboat.bench {
    requires dev.lifeboat.core;
    requires dev.lifeboat.docker;
    requires dev.lifeboat.storage.fs;
    requires dev.lifeboat.storage.s3;
    requires java.sql;
}
