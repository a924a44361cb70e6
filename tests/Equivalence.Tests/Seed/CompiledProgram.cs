using System.Reflection;
using Compat.TestSupport;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Compat.Equivalence.Tests.Seed;

/// <summary>A whole program as text, compiled as a reader's own project would compile it, with implicit usings, and run.</summary>
internal static class CompiledProgram
{
    private const string ImplicitUsings =
        "global using System; global using System.IO; global using System.Linq; global using System.Collections.Generic; "
        + "global using System.Net.Http; global using System.Threading; global using System.Threading.Tasks;";

    // Everything that this test project sees.
    private static readonly MetadataReference[] References =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Select(path => MetadataReference.CreateFromFile(path)),
    ];

    /// <summary>Compiles a program.</summary>
    /// <returns>The errors and warnings, for example <c>CS0103: The name 'feat' does not exist in the current context</c>.</returns>
    public static IReadOnlyList<string> Faults(string program) =>
    [
        .. Compile(program).GetDiagnostics()
            .Where(diagnostic => diagnostic.Severity >= DiagnosticSeverity.Warning)
            .Select(diagnostic => $"{diagnostic.Id}: {diagnostic.GetMessage(System.Globalization.CultureInfo.InvariantCulture)}"),
    ];

    /// <summary>Compiles a program and runs it in a folder of its own.</summary>
    /// <returns>What it wrote to the console, line by line.</returns>
    public static IReadOnlyList<string> Run(string program)
    {
        Faults(program).Should().BeEmpty();
        using MemoryStream assembly = new();
        Compile(program).Emit(assembly).Success.Should().BeTrue();
        MethodInfo main = Assembly.Load(assembly.ToArray()).EntryPoint!;
        return InFolderOfItsOwn(() => main.Invoke(null, [Array.Empty<string>()]));
    }

    private static CSharpCompilation Compile(string program)
    {
        CSharpParseOptions language = CSharpParseOptions.Default.WithLanguageVersion(LanguageVersion.Latest);
        return CSharpCompilation.Create(
            $"Program{Guid.NewGuid():N}",
            [CSharpSyntaxTree.ParseText(ImplicitUsings, language), CSharpSyntaxTree.ParseText(program, language)],
            References,
            new CSharpCompilationOptions(OutputKind.ConsoleApplication, nullableContextOptions: NullableContextOptions.Enable));
    }

    private static string[] InFolderOfItsOwn(Action run)
    {
        using TemporaryFolder folder = new();
        using StringWriter output = new();
        TextWriter console = Console.Out;
        string before = Environment.CurrentDirectory;
        Environment.CurrentDirectory = folder.Path;
        Console.SetOut(output);
        try
        {
            run();
        }
        finally
        {
            Console.SetOut(console);
            Environment.CurrentDirectory = before;
        }

        return output.ToString().TrimEnd().Split(Environment.NewLine);
    }
}
