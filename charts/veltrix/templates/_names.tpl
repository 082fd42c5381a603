{{- define "veltrix.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- /* What everything is called: short enough for "-orchestrator" and the like behind it. */ -}}
{{- define "veltrix.fullname" -}}
{{- include "veltrix.guard" . -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- /* Of all objects. Given (list $ component). */ -}}
{{- define "veltrix.labels" -}}
{{- $ := index . 0 -}}
{{ include "veltrix.selector" . }}
app.kubernetes.io/version: {{ $.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: veltrix
app.kubernetes.io/managed-by: {{ $.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $.Chart.Name $.Chart.Version | replace "+" "_" }}
{{- end -}}

{{- /* What selects pods. Given (list $ component). */ -}}
{{- define "veltrix.selector" -}}
{{- $ := index . 0 -}}
app.kubernetes.io/name: {{ include "veltrix.name" $ }}
app.kubernetes.io/instance: {{ $.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{- define "veltrix.repository" -}}
{{- with .Values.image.registry }}{{ . }}/{{ end }}{{ .Values.image.repository -}}
{{- end -}}

{{- define "veltrix.image" -}}
{{- include "veltrix.repository" . -}}
{{- if .Values.image.digest }}@{{ .Values.image.digest }}{{ else }}:{{ default .Chart.AppVersion .Values.image.tag }}{{ end -}}
{{- end -}}

{{- define "veltrix.controlSecret" -}}
{{- default (printf "%s-control" (include "veltrix.fullname" .)) .Values.secrets.control -}}
{{- end -}}

{{- define "veltrix.postgresqlSecret" -}}
{{- if .Values.secrets.postgresql -}}
{{- .Values.secrets.postgresql -}}
{{- else if .Values.bundled.enabled -}}
{{- include "veltrix.fullname" . }}-postgresql
{{- end -}}
{{- end -}}

{{- /* Where Redis is, without its password. */ -}}
{{- define "veltrix.redis" -}}
{{- if .Values.redis.address -}}
{{- .Values.redis.address -}}
{{- else -}}
{{- include "veltrix.fullname" . }}-redis:6379
{{- end -}}
{{- end -}}

{{- /* A secret that was made once: what is there is kept, also by an upgrade. Given (list $ name key). */ -}}
{{- define "veltrix.kept" -}}
{{- $ := index . 0 -}}
{{- $there := lookup "v1" "Secret" $.Release.Namespace (index . 1) | default dict -}}
{{- dig "data" (index . 2) "" $there | default (randAlphaNum 40 | b64enc) -}}
{{- end -}}

{{- /* Policies have been in policy/v1 since 1.21. */ -}}
{{- define "veltrix.policyApi" -}}
{{- if semverCompare ">=1.21-0" .Capabilities.KubeVersion.Version }}policy/v1{{ else }}policy/v1beta1{{ end -}}
{{- end -}}

{{- define "veltrix.hasMonitors" -}}
{{- if and .Values.monitoring.enabled (.Capabilities.APIVersions.Has "monitoring.coreos.com/v1") }}yes{{ end -}}
{{- end -}}

{{- define "veltrix.hasPolicies" -}}
{{- if .Capabilities.APIVersions.Has "admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy" }}yes{{ end -}}
{{- end -}}

{{- /* What the pods of operator and orchestrator have in common. Given (list $ component). */ -}}
{{- define "veltrix.pod" -}}
{{- $ := index . 0 -}}
serviceAccountName: {{ include "veltrix.fullname" $ }}-{{ index . 1 }}
automountServiceAccountToken: true
enableServiceLinks: false
{{- with $.Values.imagePullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
securityContext:
  {{- include "veltrix.podSecurity" 1654 | nindent 2 }}
{{- with $.Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with $.Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $.Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $.Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: {{ $.Values.spread }}
    labelSelector:
      matchLabels:
        {{- include "veltrix.selector" . | nindent 8 }}
{{- end -}}

{{- /* Given the user. The group owns the mounted secrets, which are 0440. */ -}}
{{- define "veltrix.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ . }}
runAsGroup: {{ . }}
fsGroup: {{ . }}
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "veltrix.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{- /* For a Prometheus that has no monitors. Given (list $ port). */ -}}
{{- define "veltrix.scraped" -}}
{{- $ := index . 0 -}}
{{- if and $.Values.monitoring.enabled (not (include "veltrix.hasMonitors" $)) -}}
prometheus.io/scrape: "true"
prometheus.io/port: {{ index . 1 | quote }}
prometheus.io/path: /metrics
{{- end -}}
{{- end -}}

{{- /* The labels that the operator gives hunt pods. */ -}}
{{- define "veltrix.huntSelector" -}}
app.kubernetes.io/name: veltrix
app.kubernetes.io/component: hunt
{{- end -}}

{{- /* docs/reference/kubernetes-objects.md describes this file. */ -}}
{{- define "veltrix.installation" -}}
{{- $name := include "veltrix.fullname" . -}}
image: {{ include "veltrix.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
imagePullSecrets: {{ toJson .Values.imagePullSecrets }}
instance: {{ .Release.Name }}
redis: {{ include "veltrix.redis" . | quote }}
defaults: {{ $name }}-hunt-defaults
runtime: {{ $name }}-runtime-overrides
orchestrator: {{ $name }}-orchestrator
secrets:
  control: {{ include "veltrix.controlSecret" . }}
  redis: {{ .Values.secrets.redis | quote }}
  postgresql: {{ include "veltrix.postgresqlSecret" . | quote }}
  kafka: {{ .Values.secrets.kafka | quote }}
resources:
  server: {{ toJson .Values.hunt.resources }}
  governor: {{ toJson .Values.governor.resources }}
{{- end -}}
