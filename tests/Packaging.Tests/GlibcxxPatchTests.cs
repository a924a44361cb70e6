using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using Compat.Build;

namespace Compat.Packaging.Tests;

public sealed class GlibcxxPatchTests
{
    private const string Version = "GLIBCXX_3.4.32";

    private static byte[] Original() => File.ReadAllBytes(BuildConstants.OriginalLibrary);

    [Fact]
    public void Only_the_flags_of_the_one_version_change_and_become_weak()
    {
        byte[] original = Original();

        byte[] patched = GlibcxxPatch.Patch(original);

        int flags = ElfReader.VersionNeed(original, Version) + ElfReader.FlagsInVersionNeed;
        patched.Should().HaveCount(original.Length);
        Differences(original, patched).Should().NotBeEmpty().And.BeSubsetOf([flags, flags + 1]);
        BitConverter.ToUInt16(original, flags).Should().Be(0);
        BitConverter.ToUInt16(patched, flags).Should().Be(2, "that is VER_FLG_WEAK");
    }

    [Fact]
    public void The_library_that_is_given_stays_as_it_is()
    {
        byte[] original = Original();

        GlibcxxPatch.Patch(original);

        Differences(original, Original()).Should().BeEmpty();
    }

    [Fact]
    public void Patching_twice_is_patching_once()
    {
        byte[] once = GlibcxxPatch.Patch(Original());

        byte[] twice = GlibcxxPatch.Patch(once);

        Differences(once, twice).Should().BeEmpty();
    }

    [Theory]
    [InlineData("MZ, a library for Windows, which is long enough to hold the header of an ELF library")]
    [InlineData("\u007fELF")]
    [InlineData("")]
    public void A_file_that_is_no_ELF_library_is_refused(string content)
    {
        Action patch = () => GlibcxxPatch.Patch(Encoding.ASCII.GetBytes(content));

        patch.Should().Throw<InvalidDataException>().WithMessage("it is no 64-bit little-endian ELF library.");
    }

    [Fact]
    public void A_library_that_really_uses_the_version_is_refused()
    {
        byte[] library = Original();
        ushort index = BitConverter.ToUInt16(library, ElfReader.VersionNeed(library, Version) + ElfReader.IndexInVersionNeed);
        int symbol = ElfReader.SymbolsOfRelocations(library).First(symbol => symbol != 0);
        BitConverter.GetBytes(index).CopyTo(library, ElfReader.VersionOfSymbol(library, symbol));

        Action patch = () => GlibcxxPatch.Patch(library);

        patch.Should().Throw<InvalidDataException>().WithMessage(
            "it really uses a symbol of GLIBCXX_3.4.32, so a system without that version cannot run it. Install a newer libstdc++ (GCC 13).");
    }

    [Fact]
    public void A_library_without_the_version_is_copied_unchanged()
    {
        byte[] library = Original();
        int name = library.AsSpan().IndexOf(Encoding.ASCII.GetBytes(Version + "\0"));
        library[name + Version.Length - 1] = (byte)'1';

        byte[] patched = GlibcxxPatch.Patch(library);

        Differences(library, patched).Should().BeEmpty();
    }

    private static List<int> Differences(byte[] left, byte[] right) =>
        [.. Enumerable.Range(0, left.Length).Where(at => left[at] != right[at])];
}
