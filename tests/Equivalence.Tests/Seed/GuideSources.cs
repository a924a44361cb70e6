using System.Text.RegularExpressions;
using Compat.TestSupport;

namespace Compat.Equivalence.Tests.Seed;

/// <summary>The page of the guide, and the files from which its code comes.</summary>
internal static partial class GuideSources
{
    /// <summary>Gets the text of <c>migration-guide/model.md</c>.</summary>
    public static string Page { get; } = Read("migration-guide", "model.md");

    /// <summary>Gets the fenced blocks of the page in one language.</summary>
    public static IReadOnlyList<string> Blocks(string language) => BlocksOf(Page, language);

    /// <summary>Gets the fenced blocks of a text in one language.</summary>
    public static IReadOnlyList<string> BlocksOf(string markdown, string language) =>
        [.. Fence().Matches(markdown).Where(match => match.Groups[1].Value == language).Select(match => match.Groups[2].Value)];

    /// <summary>Gets a whole program of the guide.</summary>
    public static string Program(string name) => Read("migration-guide", "programs", $"{name}.cs");

    /// <summary>Gets all files whose code is compiled, by a project or by a test: whole programs, samples, this folder, and the engine's own model.</summary>
    public static IReadOnlyList<string> Files() =>
    [
        .. new[] { "migration-guide/programs", "samples/Gan", "samples/Digits", "src/Engine/Model", "tests/Equivalence.Tests/Seed" }
            .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(RepositoryRoot.Path, folder), "*.cs", SearchOption.AllDirectories))
            .Where(path => !path.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
            .Select(path => File.ReadAllText(path).ReplaceLineEndings("\n")),
    ];

    /// <summary>Tells whether a block stands in a file line by line, as a whole indented more or not.</summary>
    public static bool Has(string file, string block) => Enumerable.Range(0, 6).Any(level => $"\n{file}\n".Contains($"\n{Indent(block, level)}\n", StringComparison.Ordinal));

    public static string Read(params string[] path) => File.ReadAllText(Path.Combine([RepositoryRoot.Path, .. path])).ReplaceLineEndings("\n");

    private static string Indent(string block, int level) =>
        string.Join('\n', block.Split('\n').Select(line => line.Length == 0 ? line : new string(' ', 4 * level) + line));

    [GeneratedRegex(@"^```(\w+)\n(.*?)\n```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();
}
