# powershell completion for kubectl-argo-rollouts

Register-ArgumentCompleter -Native -CommandName 'kubectl-argo-rollouts' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $ErrorActionPreference = 'Continue'  # a program that writes to stderr is no error, though 5.1 makes one of it
    $words = @($commandAst.CommandElements |
        Where-Object { $_.Extent.EndOffset -lt $cursorPosition } | ForEach-Object { "$_".Trim('"', "'") })
    $program = if ($words.Count) { $words[0] } else { 'kubectl-argo-rollouts' }
    $before = @($words | Select-Object -Skip 1)
    $last = "$wordToComplete"
    # Before 7.3, and where the old way is kept, an empty argument of a program is dropped unless it is quoted twice.
    $passing = "$(Get-Variable PSNativeCommandArgumentPassing -ValueOnly -ErrorAction Ignore)"
    if ($last -eq '' -and $passing -in '', 'Legacy') { $last = '""' }
    $lines = @(& $program __complete @before $last 2>$null)
    if (-not $lines.Count) { return }
    $directive = [int]("$($lines[-1])".TrimStart(':'))
    if ($directive -band 1) { return }
    # Nothing fits, and no file does either: an empty word keeps PowerShell from offering files.
    if ($lines.Count -eq 1) { if ($directive -band 4) { '' }; return }
    $flag = if ($wordToComplete -match '^(-[^=]*=)') { $Matches[1] } else { '' }
    $space = if ($directive -band 2) { '' } else { ' ' }
    $lines | Select-Object -SkipLast 1 | ForEach-Object {
        $value, $about = "$_" -split "`t", 2
        if (-not $about) { $about = $value }
        # What PowerShell would read as something else than a word's letters stands behind a backtick.
        $typed = $value -replace '[\s#@$;,''{}()"`|<>&]', '`$&'
        [System.Management.Automation.CompletionResult]::new("$flag$typed$space", $value, 'ParameterValue', $about)
    }
}
