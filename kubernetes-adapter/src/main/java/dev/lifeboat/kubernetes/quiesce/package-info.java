/** How applications in a cluster are made consistent while their volumes are read. */
package dev.lifeboat.kubernetes.quiesce;
