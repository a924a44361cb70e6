using System;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Compat.TestSupport;

namespace Compat.Packaging.Tests;

/// <summary>The four libraries, packed into a feed that lives as long as the tests, and programs that take them from there.</summary>
/// <remarks>
/// The programs restore into a folder of their own, so the user's NuGet cache gets no Compat package; it only serves what this repository has
/// restored already, libtorch above all, so that nothing is downloaded or copied. The libraries are built apart from the repository's
/// own bin and obj.
/// </remarks>
public sealed class PackedLibraries : IAsyncLifetime
{
    public static readonly string[] Libraries = ["Torch", "Engine", "Legacy", "Adapters"];
    private readonly string version = $"0.1.0-test.{Guid.NewGuid():N}";
    private TemporaryFolder? folder;
    private MachineLock? machine;

    public string Feed => folder!.File("feed");

    private string RestoredPackages => folder!.File("packages");

    public async Task InitializeAsync()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        machine = await MachineLock.TakeAsync();
        folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder.File("nuget.config"), $"""
            <configuration>
              <packageSources>
                <clear />
                <add key="packed" value="{Feed}" />
              </packageSources>
              <fallbackPackageFolders>
                <clear />
                <add key="restored" value="{BuildConstants.NuGetPackageRoot}" />
              </fallbackPackageFolders>
            </configuration>
            """);
        await PackAsync(folder.Path);
    }

    public Task DisposeAsync()
    {
        folder?.Dispose();
        machine?.Dispose();
        return Task.CompletedTask;
    }

    /// <summary>Makes a program that references one package of ours and, if wanted, a libtorch; returns its folder.</summary>
    public string WriteProgram(string package, bool withLibTorch, string source)
    {
        string program = Directory.CreateDirectory(folder!.File($"{package}{(withLibTorch ? string.Empty : ".NoLibTorch")}.Program")).FullName;
        string libTorch = withLibTorch
            ? $"""<PackageReference Include="libtorch-cpu-linux-x64" Version="{BuildConstants.LibTorchVersion}" />"""
            : string.Empty;
        File.WriteAllText(Path.Combine(program, "Program.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="{package}" Version="{version}" />
                {libTorch}
              </ItemGroup>
            </Project>
            """);
        File.WriteAllText(Path.Combine(program, "Program.cs"), source);
        return program;
    }

    internal Task<DotnetResult> DotnetAsync(string program, params string[] arguments) => Dotnet.RunAsync(program, RestoredPackages, arguments);

    private async Task PackAsync(string temporary)
    {
        string solution = Path.Combine(temporary, "Libraries.slnx");
        string projects = string.Concat(Libraries.Select(
            library => $"<Project Path=\"{Path.Combine(RepositoryRoot.Path, "src", library, $"Compat.{library}.csproj")}\" />"));
        await File.WriteAllTextAsync(solution, $"<Solution>{projects}</Solution>");
        DotnetResult packed = await Dotnet.RunAsync(
            RepositoryRoot.Path,
            packages: null,
            "pack",
            solution,
            "--output",
            Feed,
            "--artifacts-path",
            Path.Combine(temporary, "artifacts"),
            $"-p:Version={version}",
            "-p:RunAnalyzers=false",
            "-p:EnforceCodeStyleInBuild=false");
        packed.MustSucceed();
    }
}
