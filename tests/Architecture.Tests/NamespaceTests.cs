using Compat.TestSupport;

namespace Compat.Architecture.Tests;

public sealed class NamespaceTests
{
    private static string[] Public => [.. Libraries.All.SelectMany(assembly => assembly.GetExportedTypes()).Select(type => type.Namespace!).Distinct()];

    [Fact]
    public void All_namespaces_compile_in_one_file_beside_TorchSharp()
    {
        string file = File.ReadAllText(Path.Combine(RepositoryRoot.Path, "tests", "Architecture.Tests", "AllNamespaces.cs"));

        Public.Should().NotBeEmpty();
        Public.Where(name => !file.Contains($"using {name};", StringComparison.Ordinal)).Should().BeEmpty();
        file.Should().Contain("using TorchSharp.Modules;");
    }

    [Fact]
    public void No_namespace_ends_in_the_name_of_a_type_in_it_or_of_a_common_System_type()
    {
        string[] common = [.. typeof(object).Assembly.GetExportedTypes().Where(type => type.Namespace == "System").Select(type => type.Name)];
        IEnumerable<string> types = Libraries.All.SelectMany(assembly => assembly.GetExportedTypes()).Select(type => type.Name).Concat(common);

        Public.Select(name => name.Split('.')[^1]).Intersect(types).Should().BeEmpty();
    }
}
