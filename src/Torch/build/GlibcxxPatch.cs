using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

namespace Compat.Build
{
    /// <summary>
    /// Copies an ELF library and makes its demand for the symbol version GLIBCXX_3.4.32 weak, so that it loads where the version is missing.
    /// </summary>
    /// <remarks>
    /// A symbol that some relocation names would still be missing then, so the copy is refused if one has that version. The loader checks
    /// demands in the section .gnu.version_r; the flag VER_FLG_WEAK (2) of an entry turns its error into nothing. See the ELF chapter of the
    /// Linux Standard Base, "Symbol Versioning". The code is compiled by MSBuild, so it uses plain C#.
    /// </remarks>
    public sealed class GlibcxxPatch : Task
    {
        private const string Version = "GLIBCXX_3.4.32";
        private const ushort Weak = 2;
        private const uint SectionRela = 4;
        private const uint SectionDynamicSymbols = 11;
        private const uint SectionVersionNeeds = 0x6ffffffe;
        private const uint SectionVersionSymbols = 0x6fffffff;

        /// <summary>The library as TorchSharp's package has it; it is only read.</summary>
        [Required]
        public string Source { get; set; } = string.Empty;

        /// <summary>The file that becomes the patched copy.</summary>
        [Required]
        public string Destination { get; set; } = string.Empty;

        /// <summary>Returns a patched copy of a library; an equal copy if there is nothing to patch.</summary>
        public static byte[] Patch(byte[] library)
        {
            byte[] patched = (byte[])library.Clone();
            List<Section> sections = Sections(patched);
            foreach (Section needs in sections.FindAll(section => section.Type == SectionVersionNeeds))
            {
                int entry = FindEntry(patched, needs, sections[(int)needs.Link]);
                if (entry < 0)
                {
                    continue;
                }

                RefuseIfUsed(patched, sections, BitConverter.ToUInt16(patched, entry + 6));
                ushort flags = (ushort)(BitConverter.ToUInt16(patched, entry + 4) | Weak);
                BitConverter.GetBytes(flags).CopyTo(patched, entry + 4);
            }

            return patched;
        }

        /// <summary>Writes the copy; a refusal is an error of the build.</summary>
        public override bool Execute()
        {
            try
            {
                byte[] patched = Patch(File.ReadAllBytes(Source));
                Directory.CreateDirectory(Path.GetDirectoryName(Destination)!);
                string temporary = Destination + "." + Guid.NewGuid().ToString("N");
                File.WriteAllBytes(temporary, patched);
                File.Delete(Destination);
                File.Move(temporary, Destination);
                return true;
            }
            catch (Exception exception) when (exception is InvalidDataException || exception is ArgumentException || exception is IOException)
            {
                Log.LogError("Compat.Torch could not prepare " + Source + ": " + exception.Message);
                return false;
            }
        }

        private static List<Section> Sections(byte[] elf)
        {
            bool is64BitLittleEndian = elf.Length > 64 && elf[0] == 0x7f && elf[1] == 'E' && elf[2] == 'L' && elf[3] == 'F' && elf[4] == 2 && elf[5] == 1;
            if (!is64BitLittleEndian)
            {
                throw new InvalidDataException("it is no 64-bit little-endian ELF library.");
            }

            long table = BitConverter.ToInt64(elf, 0x28);
            int size = BitConverter.ToUInt16(elf, 0x3a);
            int count = BitConverter.ToUInt16(elf, 0x3c);
            List<Section> sections = new List<Section>();
            for (int i = 0; i < count; i++)
            {
                int at = checked((int)(table + ((long)i * size)));
                sections.Add(new Section(
                    BitConverter.ToUInt32(elf, at + 4),
                    checked((int)BitConverter.ToInt64(elf, at + 0x18)),
                    checked((int)BitConverter.ToInt64(elf, at + 0x20)),
                    BitConverter.ToUInt32(elf, at + 0x28),
                    BitConverter.ToUInt32(elf, at + 0x2c)));
            }

            return sections;
        }

        // A Verneed record names a library and leads to its Vernaux entries, one for each version: hash, flags, index, name, next.
        private static int FindEntry(byte[] elf, Section needs, Section strings)
        {
            int need = needs.Offset;
            for (uint i = 0; i < needs.Info; i++)
            {
                int entry = need + (int)BitConverter.ToUInt32(elf, need + 8);
                for (int left = BitConverter.ToUInt16(elf, need + 2); left > 0; left--)
                {
                    if (Text(elf, strings.Offset + (int)BitConverter.ToUInt32(elf, entry + 8)) == Version)
                    {
                        return entry;
                    }

                    entry += (int)BitConverter.ToUInt32(elf, entry + 12);
                }

                need += (int)BitConverter.ToUInt32(elf, need + 12);
            }

            return -1;
        }

        private static void RefuseIfUsed(byte[] elf, List<Section> sections, ushort version)
        {
            Section versions = sections.Find(section => section.Type == SectionVersionSymbols)
                ?? throw new InvalidDataException("it has no section .gnu.version.");
            foreach (Section relocations in sections.FindAll(section => section.Type == SectionRela && sections[(int)section.Link].Type == SectionDynamicSymbols))
            {
                for (int at = relocations.Offset; at < relocations.Offset + relocations.Size; at += 24)
                {
                    int symbol = (int)BitConverter.ToUInt32(elf, at + 12);
                    if ((BitConverter.ToUInt16(elf, versions.Offset + (symbol * 2)) & 0x7fff) == version)
                    {
                        throw new InvalidDataException(
                            "it really uses a symbol of " + Version + ", so a system without that version cannot run it. Install a newer libstdc++ (GCC 13).");
                    }
                }
            }
        }

        private static string Text(byte[] elf, int at)
        {
            int end = Array.IndexOf(elf, (byte)0, at);
            return Encoding.ASCII.GetString(elf, at, end - at);
        }

        private sealed class Section
        {
            public Section(uint type, int offset, int size, uint link, uint info)
            {
                Type = type;
                Offset = offset;
                Size = size;
                Link = link;
                Info = info;
            }

            public uint Type { get; }

            public int Offset { get; }

            public int Size { get; }

            public uint Link { get; }

            public uint Info { get; }
        }
    }
}
