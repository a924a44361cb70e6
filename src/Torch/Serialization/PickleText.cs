using System.Buffers;
using System.Text;

namespace Compat.Torch.Serialization;

/// <summary>Texts as Python encodes them in a pickle: UTF-8, in which it allows half a surrogate pair. Nothing is replaced, or two keys could become one.</summary>
internal static class PickleText
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Decodes a text of Python 3.</summary>
    /// <exception cref="PthException">It is no UTF-8, or a .NET text cannot hold it.</exception>
    public static string Decode(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return Strict.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return WithSurrogates(bytes);
        }
    }

    /// <summary>Decodes a text of Python 2, which <c>torch.load</c> takes to be UTF-8.</summary>
    /// <exception cref="PthException">It is no UTF-8.</exception>
    public static string DecodePython2(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return Strict.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            throw new PthException("The file has a text of Python 2 that is not UTF-8. Load it in Python with encoding='latin1' and save it again.");
        }
    }

    /// <summary>Encodes a text.</summary>
    /// <exception cref="PthException">It has half of a surrogate pair.</exception>
    public static byte[] Encode(string text)
    {
        try
        {
            return Strict.GetBytes(text);
        }
        catch (EncoderFallbackException exception)
        {
            throw new PthException(
                $"A text has half of a surrogate pair at position {exception.Index}, which is no character and no UTF-8, so it is not written. Write whole characters.", exception);
        }
    }

    private static string WithSurrogates(ReadOnlySpan<byte> bytes)
    {
        StringBuilder text = new(bytes.Length);
        while (!bytes.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(bytes, out Rune rune, out int used) == OperationStatus.Done)
            {
                text.Append(rune);
            }
            else if (bytes is [0xed, >= 0xa0 and <= 0xbf, >= 0x80 and <= 0xbf, ..])
            {
                AppendHalf(text, (char)(0xd000 | ((bytes[1] & 0x3f) << 6) | (bytes[2] & 0x3f)));
                used = 3;
            }
            else
            {
                throw PickleFault.Of("a text that is not UTF-8");
            }

            bytes = bytes[used..];
        }

        return text.ToString();
    }

    // Two halves in a row are two characters in Python and one here, where they could collide with that one.
    private static void AppendHalf(StringBuilder text, char half)
    {
        if (char.IsLowSurrogate(half) && text.Length > 0 && char.IsHighSurrogate(text[^1]))
        {
            throw PickleFault.Of("a text with both halves of a surrogate pair apart, which .NET cannot tell from the whole");
        }

        text.Append(half);
    }
}
