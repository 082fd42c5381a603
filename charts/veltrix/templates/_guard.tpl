{{- /* The schema says the same in fewer words; it can be skipped, and this cannot. Safe for whatever was made of the values. */ -}}
{{- define "veltrix.guard" -}}
{{- $values := .Values.AsMap -}}
{{- $governor := get $values "governor" -}}
{{- if not (kindIs "map" $governor) -}}
  {{- fail "\n\nThere is no governor in these values, and Veltrix does not run on Kubernetes without one: nothing else keeps a crowd from filling the store that all hunts share. Set governor.enabled to true, or leave governor alone.\n" -}}
{{- end -}}
{{- $enabled := get $governor "enabled" -}}
{{- if not (and (kindIs "bool" $enabled) $enabled) -}}
  {{- fail (printf "\n\ngovernor.enabled is %s, and must be true: nothing else keeps a crowd from filling the store that all hunts share. To hold a limit by hand, leave the governor on and set pin_limit of the hunt.\n" (toJson $enabled)) -}}
{{- end -}}
{{- $image := get $values "image" -}}
{{- if not (kindIs "map" $image) -}}{{- $image = dict -}}{{- end -}}
{{- if not (get $image "repository") -}}
  {{- fail "\n\nimage.repository is empty: without an image there is no governor, and no server either. Set it to where the image of Veltrix is, such as registry.example.org/veltrix.\n" -}}
{{- end -}}
{{- end -}}

{{- /* What is missing to run at all. */ -}}
{{- define "veltrix.stores" -}}
{{- $defaults := .Values.hunt.defaults | default dict -}}
{{- if not .Values.bundled.enabled -}}
  {{- $missing := list -}}
  {{- if not .Values.redis.address }}{{ $missing = append $missing "redis.address (host:port)" }}{{ end -}}
  {{- if not (dig "kafka" "bootstrap_servers" "" $defaults) }}{{ $missing = append $missing "hunt.defaults.kafka.bootstrap_servers (host:port)" }}{{ end -}}
  {{- if not (dig "control" "database" "" $defaults) }}{{ $missing = append $missing "hunt.defaults.control.database (Host=…;Database=…;Username=…)" }}{{ end -}}
  {{- if $missing -}}
    {{- fail (printf "\n\nVeltrix needs a Redis, a Kafka and a PostgreSQL. Not named: %s. To try it with small ones of its own: --set bundled.enabled=true.\n" (join ", " $missing)) -}}
  {{- end -}}
{{- end -}}
{{- if and .Values.secrets.postgresql (contains "assword" (dig "control" "database" "" $defaults)) -}}
  {{- fail "\n\nhunt.defaults.control.database has a password in it, which everybody who may read ConfigMaps would see. Leave it out: it is read from the Secret that secrets.postgresql names.\n" -}}
{{- end -}}
{{- end -}}
