using System.Text.RegularExpressions;
using Compat.Adapters.Runners;
using Compat.Engine.Model;
using Compat.Legacy;
using Compat.TestSupport;
using Compat.Torch.Data;

namespace Compat.Equivalence.Tests.Seed;

/// <summary>The page <c>migration-guide/model.md</c>: its code is compiled somewhere, its programs print what it says, and its table tells the truth.</summary>
public sealed partial class SeedPageTests
{
    // The seed has that many blocks of Python.
    private const int SeedBlocks = 13;

    private static readonly Type[] Types =
    [
        .. new[] { typeof(BaseModel), typeof(ITrainStep), typeof(RunnerAdapterExtensions), typeof(DataBatch) }.SelectMany(type => type.Assembly.GetExportedTypes()),
    ];

    [Fact]
    public void Every_block_of_code_stands_in_a_file_that_is_compiled()
    {
        IReadOnlyList<string> files = GuideSources.Files();

        GuideSources.Blocks("csharp").Where(block => !files.Any(file => GuideSources.Has(file, block))).Should().BeEmpty();
        GuideSources.Blocks("csharp").Should().HaveCountGreaterThan(SeedBlocks);
        files.Any(file => GuideSources.Has(file, GuideSources.Blocks("csharp")[0].Replace("0.5", "0.6"))).Should().BeFalse("a block that differs is found");
    }

    [Theory]
    [InlineData("OldToy", 0)]
    [InlineData("NewToy", 1)]
    public void A_whole_program_stands_on_the_page_and_prints_what_the_page_says(string program, int block)
    {
        string source = GuideSources.Program(program);
        string[] said = GuideSources.Blocks("text")[block].Split('\n');

        string[] printed = [.. CompiledProgram.Run(source).Select(PrintedLine)];

        GuideSources.Blocks("csharp").Should().Contain(source.TrimEnd());
        printed.Should().ContainInOrder(said);
        printed[^1].Should().Be(said[^1]);
    }

    [Fact]
    public void Whole_programs_of_the_readme_are_those_of_the_guide_which_are_run()
    {
        string[] programs = [.. Directory.EnumerateFiles(Path.Combine(RepositoryRoot.Path, "migration-guide", "programs")).Select(path => GuideSources.Read(path).TrimEnd())];

        programs.Should().HaveCount(3);
        GuideSources.BlocksOf(GuideSources.Read("README.md"), "csharp").Where(block => block.StartsWith("using ", StringComparison.Ordinal)).Should().BeSubsetOf(programs);
    }

    [Fact]
    public void Every_block_of_the_seed_is_in_the_table_once() =>
        Rows.Select(row => Regex.Match(row.Seed, @"^block (\d+),")).Where(match => match.Success).Select(match => int.Parse(match.Groups[1].Value, null))
            .Should().Equal(Enumerable.Range(1, SeedBlocks));

    [Fact]
    public void Every_type_in_the_table_exists()
    {
        string[] named = [.. Rows.SelectMany(row => Quoted(row.Here)).Distinct()];

        named.Should().HaveCountGreaterThan(30);
        named.Where(name => !Exists(name)).Should().BeEmpty();
        Rows.Should().OnlyContain(row => Quoted(row.Here).Count > 0 && Quoted(row.Test).Count > 0);
    }

    [Fact]
    public void Every_test_in_the_table_exists()
    {
        Dictionary<string, string> tests = Directory.EnumerateFiles(Path.Combine(RepositoryRoot.Path, "tests"), "*Tests.cs", SearchOption.AllDirectories)
            .GroupBy(path => Path.GetFileNameWithoutExtension(path)).ToDictionary(group => group.Key, group => string.Concat(group.Select(File.ReadAllText)));

        string[] named = [.. Rows.SelectMany(row => Quoted(row.Test)).Distinct()];

        named.Should().HaveCountGreaterThan(15);
        named.Select(name => name.Split('.')).Where(name => !tests.GetValueOrDefault(name[0], string.Empty).Contains($"public void {name[1]}(", StringComparison.Ordinal))
            .Should().BeEmpty();
    }

    [Fact]
    public void Messages_on_the_page_are_those_that_are_asserted()
    {
        string asserted = GuideSources.Read("tests", "Equivalence.Tests", "Seed", "SeedMistakesTests.cs") + GuideSources.Read("tests", "Equivalence.Tests", "Seed", "SeedDocumentTests.cs");

        string[] quoted = [GuideSources.Blocks("text")[2], .. Regex.Matches(GuideSources.Page, "\"([A-Z][^\"\n]+\\.)\"").Select(match => match.Groups[1].Value)];

        quoted.Should().HaveCountGreaterThan(2);
        quoted.Where(message => !asserted.Contains(message, StringComparison.Ordinal)).Should().BeEmpty();
    }

    private static (string Seed, string Here, string Test)[] Rows =>
    [
        .. TableRow().Matches(GuideSources.Page[GuideSources.Page.IndexOf("| seed | here | test |", StringComparison.Ordinal)..])
            .Skip(2).Select(match => (match.Groups[1].Value, match.Groups[2].Value, match.Groups[3].Value)),
    ];

    private static List<string> Quoted(string cell) => [.. Regex.Matches(cell, "`([^`]+)`").Select(match => match.Groups[1].Value)];

    private static bool Exists(string name)
    {
        string[] parts = name.TrimEnd('>').Split('<');
        string metadataName = parts.Length == 1 ? name : $"{parts[0]}`{parts[1].Split(',').Length}";
        return Types.Any(type => type.Name == metadataName);
    }

    private static string PrintedLine(string line) => TimeFields().Replace(line.Split(" - INFO - ")[^1], "$1*");

    [GeneratedRegex(@"^\| (.+?) \| (.+?) \| (.+?) \|$", RegexOptions.Multiline)]
    private static partial Regex TableRow();

    [GeneratedRegex(@"((?:eta|data_time|\btime): )[\d:.]+")]
    private static partial Regex TimeFields();
}
