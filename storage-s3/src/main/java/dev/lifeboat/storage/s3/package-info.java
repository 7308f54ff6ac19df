/** Storage in S3. Public signatures use no type of the AWS SDK. */
package dev.lifeboat.storage.s3;
