/** Objects of the API, over their JSON. */
package dev.lifeboat.kubernetes.internal.model;
