using System.Reflection;
using System.Runtime.CompilerServices;
using System.Xml.Linq;
using Compat.TestSupport;

namespace Compat.Architecture.Tests;

public sealed class ReferenceTests
{
    [Theory]
    [InlineData("Torch", "")]
    [InlineData("Engine", "Torch")]
    [InlineData("Legacy", "Torch")]
    [InlineData("Adapters", "Engine, Legacy")]
    public void Project_references_point_the_right_way(string library, string expected)
    {
        XDocument project = XDocument.Load(Path.Combine(RepositoryRoot.Path, "src", library, $"Compat.{library}.csproj"));
        IEnumerable<string> references = project.Descendants("ProjectReference")
            .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value.Replace('\\', '/'))["Compat.".Length..]);

        string.Join(", ", references.Order()).Should().Be(expected);
    }

    [Fact]
    public void No_library_brings_a_libtorch()
    {
        IEnumerable<string> packages = new[] { "Torch", "Engine", "Legacy", "Adapters" }
            .Select(library => XDocument.Load(Path.Combine(RepositoryRoot.Path, "src", library, $"Compat.{library}.csproj")))
            .SelectMany(project => project.Descendants("PackageReference"))
            .Select(reference => reference.Attribute("Include")!.Value);

        packages.Should().Contain("TorchSharp").And.NotContain(name => name.StartsWith("libtorch", StringComparison.Ordinal) || name.StartsWith("TorchSharp-", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Engine", "Legacy")]
    [InlineData("Legacy", "Compat.Engine")]
    [InlineData("Torch", "Compat.Engine")]
    [InlineData("Torch", "Compat.Legacy")]
    public void A_side_never_names_the_other(string library, string word)
    {
        SourceFiles.Of(library).Should().NotBeEmpty();
        SourceFiles.Of(library).Where(path => File.ReadAllText(path).Contains(word, StringComparison.Ordinal)).Should().BeEmpty();
    }

    // What Adapters can do, a user can do: the compiler sees to it as long as no library opens its internals to another (decision 34).
    [Fact]
    public void No_library_opens_its_internals_to_another()
    {
        string[] libraries = [.. Libraries.All.Select(assembly => assembly.GetName().Name!)];
        IEnumerable<string> opened =
            from assembly in Libraries.All
            from friend in assembly.GetCustomAttributes<InternalsVisibleToAttribute>()
            let name = friend.AssemblyName.Split(',')[0]
            where libraries.Contains(name)
            select $"{assembly.GetName().Name} to {name}";

        libraries.Should().HaveCount(4).And.OnlyHaveUniqueItems();
        opened.Should().BeEmpty();
    }
}
