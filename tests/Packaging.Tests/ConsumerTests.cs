using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Threading.Tasks;
using Compat.Build;
using Compat.TestSupport;

namespace Compat.Packaging.Tests;

/// <summary>Programs outside this repository that know only our packages.</summary>
public sealed class ConsumerTests(PackedLibraries packed) : IClassFixture<PackedLibraries>
{
    private const string TorchProgram = """
        using Compat.Torch;
        using Compat.Torch.Randomness;
        using TorchSharp;

        TorchSeed.Set(1);
        using StateTensor ones = new(torch.ones(2));
        Console.WriteLine($"The sum is {ones.Value.sum().item<float>()}.");
        """;

    private const string AdaptersProgram = """
        using Compat.Adapters.Equivalence;
        using Compat.Torch;
        using TorchSharp;

        using StateTensor ones = new(torch.ones(2));
        Console.WriteLine($"{typeof(ComparisonRules).Assembly.GetName().Name}: the sum is {ones.Value.sum().item<float>()}.");
        """;

    private static readonly string NativeFolder = Path.Combine("runtimes", "linux-x64", "native");

    [LinuxFact]
    public void Each_library_becomes_one_package()
    {
        string[] packages = [.. Directory.GetFiles(packed.Feed).Select(file => Path.GetFileName(file))];

        packages.Should().HaveCount(PackedLibraries.Libraries.Length);
        packages.Should().OnlyContain(package => PackedLibraries.Libraries.Any(library => package.StartsWith($"Compat.{library}.0.1.0-test.")));
    }

    [LinuxFact]
    public async Task A_program_that_references_only_Compat_Torch_and_a_libtorch_builds_and_runs()
    {
        byte[] before = Hash(BuildConstants.OriginalLibrary);
        string program = packed.WriteProgram("Compat.Torch", withLibTorch: true, TorchProgram);

        DotnetResult build = (await packed.DotnetAsync(program, "build", "-o", "out")).MustSucceed();
        DotnetResult run = (await packed.DotnetAsync(program, "out/Program.dll")).MustSucceed();

        build.Output.Should().NotContain("COMPATBUILD");
        run.Output.Trim().Should().Be("The sum is 2.");
        Hash(BuildConstants.OriginalLibrary).Should().Equal(before, "the NuGet cache is never touched");
    }

    [LinuxFact]
    public async Task A_program_that_references_only_Compat_Adapters_and_a_libtorch_is_published_with_the_patched_library_and_runs()
    {
        string program = packed.WriteProgram("Compat.Adapters", withLibTorch: true, AdaptersProgram);

        (await packed.DotnetAsync(program, "publish", "-o", "out")).MustSucceed();
        DotnetResult run = (await packed.DotnetAsync(program, "out/Program.dll")).MustSucceed();

        run.Output.Trim().Should().Be("Compat.Adapters: the sum is 2.");
        MustBePatched(Path.Combine(program, "out", NativeFolder));
    }

    [LinuxFact]
    public async Task A_program_published_for_one_platform_has_the_patched_library_and_runs()
    {
        string program = packed.WriteProgram("Compat.Torch", withLibTorch: true, TorchProgram);

        (await packed.DotnetAsync(program, "publish", "-r", "linux-x64", "--self-contained", "false", "-o", "published")).MustSucceed();
        DotnetResult run = (await packed.DotnetAsync(program, "published/Program.dll")).MustSucceed();

        run.Output.Trim().Should().Be("The sum is 2.");
        MustBePatched(Path.Combine(program, "published"));
    }

    [LinuxFact]
    public async Task A_program_without_a_libtorch_is_told_so_by_the_build_and_by_its_first_use()
    {
        string program = packed.WriteProgram("Compat.Torch", withLibTorch: false, TorchProgram);

        DotnetResult build = (await packed.DotnetAsync(program, "build", "-o", "out")).MustSucceed();
        DotnetResult run = await packed.DotnetAsync(program, "out/Program.dll");

        build.Output.Should().Contain(
            "warning COMPATBUILD001: This program uses Compat.Torch but references no libtorch, which it needs to run. Add one package: "
            + $"libtorch-cpu-linux-x64, libtorch-cpu-win-x64 or libtorch-cpu-osx-arm64 of version {BuildConstants.LibTorchVersion},");
        run.ExitCode.Should().NotBe(0);
        run.Output.Should().Contain(
            "libtorch could not be loaded. The libraries of Compat do not bring it: the program chooses one. "
            + $"""Add <PackageReference Include="libtorch-cpu-linux-x64" Version="{BuildConstants.LibTorchVersion}" />""");
    }

    private static void MustBePatched(string folder)
    {
        FileInfo library = new(Path.Combine(folder, "libLibTorchSharp.so"));
        library.LinkTarget.Should().BeNull();
        File.ReadAllBytes(library.FullName).SequenceEqual(GlibcxxPatch.Patch(File.ReadAllBytes(BuildConstants.OriginalLibrary))).Should().BeTrue();
        new FileInfo(Path.Combine(folder, "libtorch_cpu.so")).LinkTarget.Should().BeNull();
    }

    private static byte[] Hash(string file) => SHA256.HashData(File.ReadAllBytes(file));
}
