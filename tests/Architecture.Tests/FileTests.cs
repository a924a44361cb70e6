using System.Text.RegularExpressions;
using Compat.TestSupport;

namespace Compat.Architecture.Tests;

public sealed partial class FileTests
{
    [Fact]
    public void A_file_holds_one_type_and_has_its_name()
    {
        IEnumerable<string> wrong =
            from path in SourceFiles.All()
            let types = TypeDeclaration().Matches(File.ReadAllText(path)).Select(match => match.Groups["name"].Value).ToArray()
            where types is not [string name] || name != Path.GetFileNameWithoutExtension(path).Split('{')[0]
            select $"{path}: {string.Join(", ", types)}";

        wrong.Should().BeEmpty();
    }

    [Fact]
    public void No_file_is_longer_than_400_lines()
    {
        IReadOnlyList<string> files = SourceFiles.All();

        files.Should().HaveCountGreaterThan(100);
        files.Where(path => File.ReadLines(path).Count() > 400).Should().BeEmpty();
    }

    [Fact]
    public void Namespaces_follow_folders()
    {
        IEnumerable<string> wrong =
            from path in SourceFiles.All()
            let declared = NamespaceDeclaration().Match(File.ReadAllText(path)).Groups["name"].Value
            where declared != ExpectedNamespace(path)
            select $"{path}: {declared}";

        wrong.Should().BeEmpty();
    }

    [Fact]
    public void Every_number_has_a_page()
    {
        string[] numbers = [.. SourceFiles.All().SelectMany(path => Number().Matches(File.ReadAllText(path))).Select(match => match.Value).Distinct()];

        numbers.Should().NotBeEmpty();
        numbers.Where(number => !File.Exists(Path.Combine(RepositoryRoot.Path, "migration-guide", "diagnostics", $"{number}.md"))).Should().BeEmpty();
    }

    [Fact]
    public void Every_page_is_about_a_number_that_the_code_knows()
    {
        string[] numbers = [.. SourceFiles.All().SelectMany(path => Number().Matches(File.ReadAllText(path))).Select(match => match.Value).Distinct()];

        Directory.GetFiles(Path.Combine(RepositoryRoot.Path, "migration-guide", "diagnostics")).Select(Path.GetFileNameWithoutExtension).Should().BeSubsetOf(numbers);
    }

    // In Legacy only the runners have a namespace of their own (decision 8).
    private static string ExpectedNamespace(string path)
    {
        string[] folders = Path.GetDirectoryName(Path.GetRelativePath(Path.Combine(RepositoryRoot.Path, "src"), path))!.Split(Path.DirectorySeparatorChar);
        IEnumerable<string> kept = folders[0] == "Legacy" && folders is not [_, "Runners"] ? folders.Take(1) : folders;
        return $"Compat.{string.Join('.', kept)}";
    }

    [GeneratedRegex(@"^(?:public|internal) (?:(?:static|sealed|abstract|readonly|ref|partial|unsafe|delegate) )*(?:class|struct|interface|enum|record struct|record|DataBatch) (?<name>\w+)", RegexOptions.Multiline)]
    private static partial Regex TypeDeclaration();

    [GeneratedRegex(@"^namespace (?<name>[\w.]+);", RegexOptions.Multiline)]
    private static partial Regex NamespaceDeclaration();

    [GeneratedRegex(@"COMPAT\d{4}")]
    private static partial Regex Number();
}
