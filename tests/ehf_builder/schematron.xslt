<xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:svrl="http://purl.oclc.org/dsdl/svrl" xmlns:b="urn:b" version="2.0">
  <xsl:param name="archiveDirParameter"/>
  <xsl:output indent="yes" method="xml"/>
  <xsl:template match="*" mode="schematron-select-full-path">
    <xsl:apply-templates mode="schematron-get-full-path" select="."/>
  </xsl:template>
  <xsl:template match="*" mode="schematron-get-full-path">
    <xsl:apply-templates mode="schematron-get-full-path" select="parent::*"/>
    <xsl:text>/</xsl:text>
    <xsl:choose>
      <xsl:when test="namespace-uri()=''">
        <xsl:value-of select="name()"/>
      </xsl:when>
      <xsl:otherwise>
        <xsl:text>*:</xsl:text>
        <xsl:value-of select="local-name()"/>
        <xsl:text>[namespace-uri()='</xsl:text>
        <xsl:value-of select="namespace-uri()"/>
        <xsl:text>']</xsl:text>
      </xsl:otherwise>
    </xsl:choose>
    <xsl:variable name="preceding" select="count(preceding-sibling::*[local-name()=local-name(current())
      and namespace-uri() = namespace-uri(current())])"/>
    <xsl:text>[</xsl:text>
    <xsl:value-of select="1+ $preceding"/>
    <xsl:text>]</xsl:text>
  </xsl:template>
  <xsl:template match="text()" priority="-1"/>
  <xsl:template match="/">
    <svrl:schematron-output schemaVersion="iso">
      <xsl:comment><xsl:value-of select="$archiveDirParameter"/></xsl:comment>
      <svrl:ns-prefix-in-attribute-values prefix="b" uri="urn:b"/>
      <svrl:active-pattern>
        <xsl:attribute name="document"><xsl:value-of select="document-uri(/)"/></xsl:attribute>
        <xsl:apply-templates/>
      </svrl:active-pattern>
      <xsl:apply-templates mode="M1" select="/"/>
    </svrl:schematron-output>
  </xsl:template>
  <xsl:template match="b:Amount | /b:Party/b:ID[@b]" mode="M1" priority="1001">
    <svrl:fired-rule context="b:Amount"/>
    <!--first-->
    <xsl:choose>
      <xsl:when test="@c = 'x'"/>
      <xsl:otherwise>
        <svrl:failed-assert test="@c = 'x'">
          <xsl:attribute name="id">FIRST</xsl:attribute>
          <xsl:attribute name="flag">fatal</xsl:attribute>
          <xsl:attribute name="location"><xsl:apply-templates mode="schematron-select-full-path" select="."/></xsl:attribute>
          <svrl:text>[FIRST] <xsl:value-of select="."/> is wrong</svrl:text>
        </svrl:failed-assert>
      </xsl:otherwise>
    </xsl:choose>
    <xsl:apply-templates mode="M1" select="@*|*"/>
  </xsl:template>
  <xsl:template match="b:Party" mode="M1" priority="1000">
    <svrl:fired-rule context="b:Party"/>
    <xsl:choose>
      <xsl:when test="matches(b:ID, '^\d{2}$')"/>
      <xsl:otherwise>
        <svrl:failed-assert test="matches(b:ID, '^\d{2}$')">
          <xsl:attribute name="id">SECOND</xsl:attribute>
          <xsl:attribute name="flag">warning</xsl:attribute>
          <xsl:attribute name="location"><xsl:apply-templates mode="schematron-select-full-path" select="."/></xsl:attribute>
          <svrl:text>[SECOND] is wrong</svrl:text>
        </svrl:failed-assert>
      </xsl:otherwise>
    </xsl:choose>
    <xsl:apply-templates mode="M1" select="@*|*"/>
  </xsl:template>
  <xsl:template match="text()" mode="M1" priority="-1"/>
  <xsl:template match="@*|node()" mode="M1" priority="-2">
    <xsl:apply-templates mode="M1" select="@*|*"/>
  </xsl:template>
</xsl:stylesheet>
