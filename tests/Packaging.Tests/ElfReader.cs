using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;

namespace Compat.Packaging.Tests;

/// <summary>Finds places in a 64-bit ELF library by the names of its sections; the patch finds them by type.</summary>
internal static class ElfReader
{
    public const int FlagsInVersionNeed = 4;
    public const int IndexInVersionNeed = 6;
    private const int RelocationSize = 24;

    /// <summary>The offset of the Vernaux entry that demands a version.</summary>
    public static int VersionNeed(byte[] elf, string version)
    {
        Range section = Section(elf, ".gnu.version_r");
        int strings = Section(elf, ".dynstr").Start.Value;
        int need = section.Start.Value;
        while (true)
        {
            int entry = need + BitConverter.ToInt32(elf, need + 8);
            int next;
            do
            {
                if (Text(elf, strings + BitConverter.ToInt32(elf, entry + 8)) == version)
                {
                    return entry;
                }

                next = BitConverter.ToInt32(elf, entry + 12);
                entry += next;
            }
            while (next != 0);

            int nextNeed = BitConverter.ToInt32(elf, need + 12);
            need = nextNeed != 0 ? need + nextNeed : throw new InvalidOperationException($"Nothing demands {version}.");
        }
    }

    public static IEnumerable<int> SymbolsOfRelocations(byte[] elf)
    {
        Range section = Section(elf, ".rela.plt");
        int count = (section.End.Value - section.Start.Value) / RelocationSize;
        return Enumerable.Range(0, count).Select(i => BitConverter.ToInt32(elf, section.Start.Value + (i * RelocationSize) + 12));
    }

    /// <summary>The offset of the entry in .gnu.version that names the version of a symbol.</summary>
    public static int VersionOfSymbol(byte[] elf, int symbol) => Section(elf, ".gnu.version").Start.Value + (symbol * 2);

    private static Range Section(byte[] elf, string name)
    {
        int table = (int)BitConverter.ToInt64(elf, 0x28);
        int size = BitConverter.ToUInt16(elf, 0x3a);
        int count = BitConverter.ToUInt16(elf, 0x3c);
        int names = (int)BitConverter.ToInt64(elf, table + (BitConverter.ToUInt16(elf, 0x3e) * size) + 0x18);
        int header = Enumerable.Range(0, count).Select(i => table + (i * size)).First(at => Text(elf, names + BitConverter.ToInt32(elf, at)) == name);
        int start = (int)BitConverter.ToInt64(elf, header + 0x18);
        return start..(start + (int)BitConverter.ToInt64(elf, header + 0x20));
    }

    private static string Text(byte[] elf, int at) => Encoding.ASCII.GetString(elf, at, Array.IndexOf(elf, (byte)0, at) - at);
}
