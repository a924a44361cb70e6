using Compat.TestSupport;

namespace Compat.Equivalence.Tests;

/// <summary>The programs of a sample as text.</summary>
internal static class SamplePrograms
{
    public static void ShouldDifferInOneLine(string sample)
    {
        string[] legacy = Program(sample, "LegacyProgram");
        string[] migrating = Program(sample, "MigratingProgram");

        legacy.Should().HaveSameCount(migrating);
        legacy.Zip(migrating).Where(lines => lines.First != lines.Second).Should().Equal(
            ("        legacy.Run(loaders, workflow);", "        legacy.AsEngine(loaders, workflow).Train();"));
    }

    // The class has the file's name, so that line differs by nature.
    private static string[] Program(string sample, string name) =>
    [
        .. File.ReadLines(Path.Combine(RepositoryRoot.Path, "samples", sample, $"{name}.cs"))
            .Select(line => line == $"internal static class {name}" ? "internal static class Program" : line),
    ];
}
