# powershell completion for kubectl-rollouts

Register-ArgumentCompleter -Native -CommandName 'kubectl-rollouts' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $words = @($commandAst.CommandElements |
        Where-Object { $_.Extent.EndOffset -lt $cursorPosition } | ForEach-Object { "$_".Trim('"', "'") })
    $program = if ($words.Count) { $words[0] } else { 'kubectl-rollouts' }
    $before = @($words | Select-Object -Skip 1)
    $last = "$wordToComplete"
    # PowerShell before 7.3 drops an empty argument of a program unless it is quoted twice.
    if ($last -eq '' -and $PSVersionTable.PSVersion -lt [version]'7.3') { $last = '""' }
    $lines = @(& $program __complete @before $last 2>$null)
    if (-not $lines.Count) { return }
    $directive = [int]("$($lines[-1])".TrimStart(':'))
    if ($directive -band 1) { return }
    $flag = if ($wordToComplete -match '^(-[^=]*=)') { $Matches[1] } else { '' }
    $lines | Select-Object -SkipLast 1 | ForEach-Object {
        $value, $about = "$_" -split "`t", 2
        if (-not $about) { $about = $value }
        $space = if ($directive -band 2) { '' } else { ' ' }
        [System.Management.Automation.CompletionResult]::new("$flag$value$space", $value, 'ParameterValue', $about)
    }
}
